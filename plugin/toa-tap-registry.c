#include "toa-taps.h"
void toa_taps_register(int proto_toa) { (void)proto_toa; }
