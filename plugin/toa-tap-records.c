/* being written */ typedef int toa_tap_records_unused;
