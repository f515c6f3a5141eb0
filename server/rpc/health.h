/* gRPC's health checking: serving until the daemon begins to stop. Loop thread only. */
#ifndef SERVER_RPC_HEALTH_H
#define SERVER_RPC_HEALTH_H

/* From now on everything answers NOT_SERVING, and who watches is told. */
void health_stop(void);

#endif
