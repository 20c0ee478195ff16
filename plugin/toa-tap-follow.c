/* being written */ typedef int toa_tap_follow_unused;
