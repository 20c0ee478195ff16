/* being written */ typedef int toa_tap_text_unused;
