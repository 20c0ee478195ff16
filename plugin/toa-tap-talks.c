/* being written */ typedef int toa_tap_talks_unused;
