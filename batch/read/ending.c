/* ending.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/ending.h"

#include "read/child.h"

#include <string.h>

/* Sought in all that was said: a tshark that complains of every packet says this at the end. */
gboolean scan_job_was_cut_short(const scan_job *job)
{
    gboolean found = FALSE;
    char line[4096];

    rewind(job->said);
    while (!found && fgets(line, sizeof line, job->said)) {
        found = strstr(line, "\" appears to have been cut short in the middle of a packet") != NULL;
    }
    return found;
}

int scan_job_signal(const scan_job *job)
{
    int code = g_subprocess_get_if_signaled(job->process) ? g_subprocess_get_term_sig(job->process)
                                                          : g_subprocess_get_exit_status(job->process) - 128;

    return MAX(code, 0);
}

char *scan_job_failure(const scan_job *job, const scan_file *file)
{
    const char *reader = job->native ? "toa-read" : "tshark";
    char *said, *text;

    if (job->killed) {
        return g_strdup_printf("%s did not end within %d s and was stopped; nothing of the file was taken (--timeout)",
                               reader, (int)scan_job_limit(job, file->size));
    }
    if (scan_job_signal(job)) {
        return g_strdup_printf("%s crashed (%s)", reader, g_strsignal(scan_job_signal(job)));
    }
    said = scan_child_complaint(job->said);
    text = g_strdup_printf("%s exit status %d: %s", reader, g_subprocess_get_exit_status(job->process), said);
    g_free(said);
    return text;
}
