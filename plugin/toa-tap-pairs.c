/* being written */ typedef int toa_tap_pairs_unused;
