"""Flags of the kernels' loops."""

# Sums and products may be contracted to one operation everywhere: what a variant computes depends on
# its instruction set, not on the compiler's defaults.
LOOP_COPTS = [
    "-O3",
    "-ffp-contract=fast",
]
