"""Flags of the kernels' loops."""

# Compilers may contract a product and a sum to one operation everywhere. So the results of a
# variant depend on its instruction set, and not on the defaults of the compiler.
LOOP_COPTS = [
    "-O3",
    "-ffp-contract=fast",
]
