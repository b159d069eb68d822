"""What the main job does not compute but compares with: numbers that were known beforehand."""

# Document 001: the output printed below its program.
PRINTED = ("103.84988263633421", "-351.54572048917004")
# The same program with sums that are never reset, in 60-digit arithmetic.
EXACT = ("103.8498826363338160757966", "-351.5457204891764951776531")
# Document 000's script under NumPy, after 1000 epochs: W, b, its first loss and its last.
NUMPY = (
    *("3.642507092819018", "-0.9776700765794106", "4.630406470655924", "10.372655446072379"),
    *("-1.7616961943790956", "1.1218398748296046", "0.050132639879444184"),
)
# The Challenger launches at the optimum: slope, intercept, deviance, p at 31 F.
OPTIMUM = ("-0.23216274421859648", "15.042901647702442", "20.315192687866833", "0.99960878")
# And the standard errors of slope and intercept there.
ERRORS = ("0.10823652164928543", "7.3786363849165656")
