/* example.c - two workers send squares; one select gathers them until both are done */
#include "channel.h"

#include <pthread.h>
#include <stdio.h>

static void *work(void *squares)
{
	for (int n = 1; n <= 5; n++)
		channel_send(squares, &(int){n * n});
	channel_close(squares);
	return NULL;
}

int main(void)
{
	struct channel *squares[2];
	struct channel_case cases[2];
	pthread_t worker[2];
	int square, open = 2;

	for (int i = 0; i < 2; i++) {
		if (channel_open(&squares[i], sizeof(square), 0) < 0)
			return 1;
		pthread_create(&worker[i], NULL, work, squares[i]);
		cases[i] = channel_case_recv(squares[i], &square);
	}
	while (open > 0) {
		int i = channel_select(cases, 2);

		if (cases[i].status == 0)
			printf("worker %d: %d\n", i, square);
		else /* -EPIPE: this one is done, and is not waited for any more */
			cases[i].channel = NULL, open--;
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(worker[i], NULL);
		channel_free(squares[i]);
	}
	return 0;
}
