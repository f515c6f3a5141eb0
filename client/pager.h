/*
 * Long output on a terminal goes through a pager, which begins with the first byte that is printed: until then
 * progress has the terminal, and a command that only fails never starts one.
 *
 * There is one standard output, so there is one pager.
 */
#ifndef CLIENT_PAGER_H
#define CLIENT_PAGER_H

#include <stdbool.h>
#include <stdio.h>

/*
 * A stream to print on, borrowed: standard output itself where it is no terminal. program: a shell command; NULL or
 * "": $PLUMB_PAGER, $PAGER, or less if there is one; "cat": none.
 */
FILE *pager_open(const char *program);
/*
 * All that was printed is handed over, and the reader has quit; what comes after goes to standard output directly.
 * Answers 0, or what the pager said when it could not run (127: it is not there). Harmless where none runs.
 */
int pager_close(void);
/* Does a pager have the output? Then that nobody reads on is no fault. */
bool pager_runs(void);

#endif
