# shellcheck shell=sh disable=SC2034
# Sourced by run.sh and check.sh: which programs run on every kernel, as paths
# below the build folder.

# GoogleTest programs, run with all capabilities.
test_programs="tests/bpf/filter_test tests/bpf/data_plane_test tests/bpf/source_lookup_test
  tests/bpf/differential_test"

# Random frames in all, for differential_test: an emulated machine judges some
# hundred of them in a second.
differential_frames=60000

# Except for these tests, in GoogleTest's notation: two threads race each other
# there for seconds, which is minutes where a machine is emulated.
test_filter="-Mixes/SourceStress.*"

# Those of them that make no devices or namespaces, and so can also run with the
# few capabilities that the agent asks for.
few_capabilities_programs="tests/bpf/filter_test"

# Except for these tests, in GoogleTest's notation: the program for older kernels
# takes CAP_PERFMON wherever it is loaded.
few_capabilities_filter="-FilterLoadTest.TheProgramForOlderKernelsAgrees:FilterShadowTest.*"

# What check.sh starts on an interface of its own.
agent_program=agent/fwagent
