/* The forecast's inner loops for AVX-512. */
#include "server/insight/schedule/forecast_lanes.h"

const struct forecast_kernel forecast_avx512 = KERNEL;
