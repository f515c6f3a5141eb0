# Makes concord_expected.h: Rscript concord_expected.R >concord_expected.h
# Friedman's test is of base R; its chi-square, corrected for ties, is m (n - 1) W. The consensus is looked for among all orders.
orders <- function(v) {
  if (length(v) <= 1) return(list(v))
  out <- list()
  for (i in seq_along(v)) for (rest in orders(v[-i])) out[[length(out) + 1]] <- c(v[i], rest)
  out
}
# Kendall's tau distance with ties (p = 1/2), in halves.
distance <- function(a, b) {
  total <- 0
  for (i in 1:(length(a) - 1)) for (k in (i + 1):length(a)) total <- total + abs(sign(a[i] - a[k]) - sign(b[i] - b[k]))
  total
}
set.seed(20261122)
cat("/* Made by concord_expected.R with", R.version.string, "*/\n/* clang-format off */\n")
cat("static const struct expected {\n\tuint32_t judges, objects;\n\tuint32_t places[60];\n\tdouble w, chi_square, p; /* p of the chi-square distribution */\n\tuint64_t least; /* halves */\n} expected[] = {\n")
for (case in 1:8) {
  n <- c(3, 4, 5, 6, 6, 5, 4, 6)[case]
  m <- c(4, 5, 6, 7, 9, 10, 12, 10)[case]
  base <- 1:n
  # the first half agree more or less, the others order by chance; every second set has ties
  places <- t(sapply(1:m, function(j) {
    x <- if (case <= 4) base + rnorm(n, sd = 1.2) else runif(n)
    if (case %% 2 == 0) x <- round(x * if (case <= 4) 1 else 3)
    rank(x, ties.method = "min")
  }))
  f <- suppressWarnings(friedman.test(places))
  chi <- unname(f$statistic)
  least <- min(sapply(orders(1:n), function(o) { p <- integer(n); p[o] <- 1:n; sum(apply(places, 1, distance, p)) }))
  cat(sprintf("\t{%d, %d, {%s}, %.15g, %.15g, %.15g, %d},\n", m, n, paste(t(places), collapse = ", "),
              chi / (m * (n - 1)), chi, f$p.value, as.integer(least)))
}
cat("};\n/* clang-format on */\n")
