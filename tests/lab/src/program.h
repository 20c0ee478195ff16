/* program.h: what every lab program does at its start and in its loop. */
#ifndef LAB_PROGRAM_H
#define LAB_PROGRAM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMMAND_MAX = 128 };

/* SIGTERM and SIGINT set the flag that program_wait() looks at; the program also ends when its parent does. */
void program_start(void);

/* Tells the driver that captures and packets may come now: one line "ready" on stdout. */
void program_ready(void);

/* Waits for any of the descriptors (timeout in ms, -1 none). Returns false when the program has to end. */
bool program_wait(struct pollfd *fds, size_t count, int timeout);
bool program_wait_us(struct pollfd *fds, size_t count, int64_t timeout); /* the same in microseconds */

/* Real-time priority: nothing of the same processor runs while this program has something to do. */
void program_first(void);

/* Takes one line of standard input if a whole one is there: the driver's command, without its newline.
 * At the end of standard input the program is told to end. */
bool program_command(char line[COMMAND_MAX]);

uint64_t now_ns(void); /* the clock of the captures: CLOCK_REALTIME */

/* Ends the program with a message if the text is not a number within the bounds. */
uint32_t number_or_exit(const char *text, uint32_t lowest, uint32_t highest);

#endif
