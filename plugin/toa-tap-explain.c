/* being written */ typedef int toa_tap_explain_unused;
