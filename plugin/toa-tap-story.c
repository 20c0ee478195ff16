/* being written */ typedef int toa_tap_story_unused;
