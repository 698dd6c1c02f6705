#!/usr/bin/python3
"""Checks what deploy/kubernetes promises about security and about updates.

Started with Debian's interpreter, which has Debian's python3-yaml.
"""

import pathlib
import unittest

import yaml

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"


def load(name):
    """The documents of one file."""
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


class Kubernetes(unittest.TestCase):
    def setUp(self):
        (self.kustomization,) = load("kustomization.yaml")
        (self.daemonset,) = load("daemonset.yaml")
        self.pod = self.daemonset["spec"]["template"]["spec"]
        (self.container,) = self.pod["containers"]
        self.mounts = {m["name"]: m for m in self.container["volumeMounts"]}
        self.volumes = {v["name"]: v for v in self.pod["volumes"]}

    def test_kustomization_names_every_file(self):
        named = set(self.kustomization["resources"])
        for generator in self.kustomization["configMapGenerator"]:
            named.update(generator["files"])
        there = {path.name for path in FOLDER.glob("*.yaml")}
        self.assertEqual(named, there - {"kustomization.yaml"})

    def test_only_three_capabilities(self):
        security = self.container["securityContext"]
        self.assertEqual(security["capabilities"]["drop"], ["ALL"])
        self.assertEqual(set(security["capabilities"]["add"]), {"BPF", "NET_ADMIN", "PERFMON"})
        self.assertIs(security["privileged"], False)
        self.assertIs(security["allowPrivilegeEscalation"], False)
        self.assertIs(security["readOnlyRootFilesystem"], True)
        self.assertNotIn("initContainers", self.pod)

    def test_shares_the_network_of_the_host_and_nothing_else(self):
        self.assertIs(self.pod["hostNetwork"], True)
        self.assertNotIn("hostPID", self.pod)
        self.assertNotIn("hostIPC", self.pod)
        self.assertIs(self.pod["automountServiceAccountToken"], False)
        paths = {v["hostPath"]["path"] for v in self.volumes.values() if "hostPath" in v}
        self.assertEqual(paths, {"/sys/fs/bpf", "/var/lib/fwagent", "/run/fwagent"})

    def test_pins_live_in_the_bpf_filesystem_of_the_host(self):
        self.assertEqual(self.mounts["bpffs"]["mountPath"], "/sys/fs/bpf")
        self.assertEqual(self.mounts["bpffs"]["mountPropagation"], "HostToContainer")
        self.assertEqual(self.volumes["bpffs"]["hostPath"]["path"], "/sys/fs/bpf")

    def test_configuration_is_mounted_as_a_folder(self):
        self.assertEqual(self.mounts["config"]["mountPath"], "/etc/fwagent")
        self.assertNotIn("subPath", self.mounts["config"])
        (generator,) = self.kustomization["configMapGenerator"]
        self.assertEqual(self.volumes["config"]["configMap"]["name"], generator["name"])
        self.assertIn("/etc/fwagent/" + generator["files"][0], self.container["args"])

    def test_paths_of_the_configuration_are_mounted(self):
        (config,) = load("fwagent.yaml")
        mounted = {m["mountPath"] for m in self.mounts.values()}
        self.assertIn(str(pathlib.Path(config["socket"]).parent), mounted)
        self.assertIn(config["state_dir"], mounted)
        self.assertIn(str(pathlib.Path(config["pin_dir"]).parent), mounted)

    def test_one_agent_at_a_time_on_a_node(self):
        strategy = self.daemonset["spec"]["updateStrategy"]
        self.assertEqual(strategy["type"], "RollingUpdate")
        self.assertEqual(strategy["rollingUpdate"], {"maxUnavailable": 1, "maxSurge": 0})

    def test_probes(self):
        for probe, command in {
            "startupProbe": ["fwctl", "status"],
            "livenessProbe": ["fwctl", "status"],
            "readinessProbe": ["fwctl", "status", "--check"],
        }.items():
            self.assertEqual(self.container[probe]["exec"]["command"], command)

    def test_is_scheduled_everywhere_and_not_evicted(self):
        self.assertEqual(self.pod["priorityClassName"], "system-node-critical")
        self.assertIn({"operator": "Exists"}, self.pod["tolerations"])
        self.assertIn("memory", self.container["resources"]["limits"])

    def test_labels_match_the_selector(self):
        selector = self.daemonset["spec"]["selector"]["matchLabels"]
        labels = self.daemonset["spec"]["template"]["metadata"]["labels"]
        self.assertLessEqual(selector.items(), labels.items())


if __name__ == "__main__":
    unittest.main()
