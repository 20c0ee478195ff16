/* being written */ typedef int toa_tap_incidents_unused;
