#include "toa-taps.h"
void toa_tap_filter_note(packet_info *pinfo, proto_tree *tree, const struct toa_conversation *conv) { (void)pinfo; (void)tree; (void)conv; }
