/* versions.h
 * Versions of what one program writes and another one reads. Each rises when a member changes its meaning or goes; new members
 * need no new version.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_VERSIONS_H
#define TOA_VERSIONS_H

/* Of the records of one capture, in their first line ("-z toa,records", toa-read). 2: lines "incident", with verdict and
 * victim. */
#define TOA_RECORDS_VERSION 2

/* Of the records that toa-scan keeps and toa-watch writes for it, in the member "schema" of each "file" record. Files of a
 * higher one are refused as a whole. 1 has no member "schema", and no "content" and "head". */
#define TOA_FILE_RECORDS_VERSION 2

#endif
