# Settings of mpirun for tests: it runs as root in a container, with more processes than cores, without a network, and
# with a short path for its files.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_plm_rsh_agent=
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
# The same settings for Open MPI 5.
export OMPI_MCA_btl_sm_single_copy_mechanism=none PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export PRTE_MCA_hwloc_default_binding_policy=none
export TMPDIR=/tmp OMP_NUM_THREADS=1
export HOME=${HOME:-$TEST_TMPDIR}
