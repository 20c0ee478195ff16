/* being written */ typedef int toa_tap_tree_unused;
