/* being written */ typedef int toa_tap_conversation_unused;
