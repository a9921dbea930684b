"""Runs the scripts of the Action and of the templates, as a runner would, against simulated clouds: run.py PROGRAM ROOT WORK."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import kubernetes_validate
import yaml

program, root, work = (pathlib.Path(word).resolve() for word in sys.argv[1:])
# Where it is found by its name, and nothing else is.
BIN = work / "bin"
BIN.mkdir()
(BIN / "cloud-import").symlink_to(program)
IMAGE = root / "tests/images/tiny-linux.qcow2"
# Its system needs not be said.
TELLING = root / "tests/images/linux-40-gib.qcow2"
ORDER = {"image": str(IMAGE), "to": "all", "name": "hello-clouds", "os": "CentOS 7.9", "simulate": "true"}
CLOUDS = ["aliyun", "huawei", "jdcloud", "tencent", "ucloud"]


class Runner:
    """As much of a runner as these steps need: inputs, files for outputs, path and summary."""

    def __init__(self, name, inputs, path=(BIN,)):
        self.folder = work / name
        (self.folder / "home").mkdir(parents=True)
        self.inputs = inputs
        self.action = yaml.safe_load((root / ".github/actions/import/action.yml").read_text())
        declared = self.action["inputs"]
        unknown = set(inputs) - set(declared)
        assert not unknown, unknown
        missing = [name for name, own in declared.items() if own.get("required") and name not in inputs]
        assert not missing, missing
        self.outputs, self.path = {}, [str(folder) for folder in path]

    def value(self, text):
        """Fills in the expressions that these steps have; any other one is a mistake."""

        def of(match):
            expression = match[1].strip()
            if expression.startswith("inputs."):
                name = expression.removeprefix("inputs.")
                return self.inputs.get(name, self.action["inputs"][name].get("default", ""))
            if expression.startswith("steps."):
                _, step, _, output = expression.split(".")
                return self.outputs[step].get(output, "")
            return {
                "github.action_repository || github.repository": "owner/repository",
                "github.server_url": (work / "server").as_uri(),
            }[expression]

        return re.sub(r"\$\{\{(.*?)\}\}", of, text)

    def run(self):
        """Runs the steps up to the first that fails, and gives back its exit code."""
        for index, step in enumerate(self.action["runs"]["steps"]):
            assert "${{" not in step["run"], "an input in a script is run by whoever wrote it"
            files = {name: self.folder / f"{name}-{index}" for name in ("OUTPUT", "PATH", "STEP_SUMMARY")}
            for file in files.values():
                file.touch()
            env = {name: self.value(text) for name, text in step.get("env", {}).items()}
            env |= {f"GITHUB_{name}": str(file) for name, file in files.items()}
            env |= {"RUNNER_TEMP": str(self.folder), "HOME": str(self.folder / "home")}
            env["PATH"] = ":".join(self.path + ["/usr/local/bin:/usr/bin:/bin"])
            script = self.folder / "script.sh"
            script.write_text(step["run"])
            line = ["bash", "--noprofile", "--norc", "-eo", "pipefail", script]
            done = subprocess.run(line, env=env, cwd=self.folder, capture_output=True, text=True)
            self.told = done.stderr
            lines = files["OUTPUT"].read_text().splitlines()
            self.outputs[step.get("id", index)] = dict(line.split("=", 1) for line in lines)
            self.path = files["PATH"].read_text().split() + self.path
            self.summary = files["STEP_SUMMARY"].read_text()
            if done.returncode:
                return done.returncode
        return 0

    def output(self, name):
        return self.value(self.action["outputs"][name]["value"])


def clouds(ids):
    return sorted(target.split("/")[0] for target in ids)


def an_image_in_each_cloud():
    runner = Runner("all", ORDER)
    assert runner.run() == 0
    ids = json.loads(runner.output("ids"))
    assert clouds(ids) == CLOUDS and all(ids.values()), ids
    assert runner.output("exit") == "0"
    assert runner.output("job").startswith("hello-clouds-"), runner.outputs
    assert len(json.loads(pathlib.Path(runner.output("results")).read_text())["results"]) == 5
    for one in ids.values():
        assert one in runner.summary, runner.summary


def two_targets_and_arguments_one_a_line():
    more = {"to": "aliyun/cn-hangzhou\nhuawei/cn-north-4\n", "arguments": "--description=two words; $(exit 1)\n--tag=a=b"}
    runner = Runner("two", ORDER | more)
    assert runner.run() == 0
    assert sorted(json.loads(runner.output("ids"))) == ["aliyun/cn-hangzhou", "huawei/cn-north-4"]


def what_is_refused_fails_the_step_with_its_code():
    runner = Runner("refused", ORDER | {"to": "nowhere"})
    assert runner.run() == 2
    assert runner.output("exit") == "2" and runner.output("ids") == "{}", runner.outputs


def a_state_that_is_named_keeps_the_job():
    order = ORDER | {"state": str(work / "state"), "arguments": "--no-wait"}
    assert Runner("once", order).run() in (0, 7)
    assert list((work / "state/jobs").iterdir()), "no job is on record"


def a_version_is_installed_by_its_sum_or_not_at_all():
    nothing = Runner("no-version", ORDER, path=())
    assert shutil.which("cloud-import", path="/usr/local/bin:/usr/bin:/bin") is None, "a cloud-import is installed"
    assert nothing.run() == 2
    name = f"cloud-import-9.9.9-{os.uname().machine}-unknown-linux-musl"
    release = work / "server/owner/repository/releases/download/v9.9.9"
    (release / name).mkdir(parents=True)
    shutil.copy(program, release / name / "cloud-import")
    subprocess.run(["tar", "-C", release, "-czf", release / f"{name}.tar.gz", name], check=True)
    sums = subprocess.run(["sha256sum", f"{name}.tar.gz"], cwd=release, check=True, capture_output=True, text=True).stdout
    (release / "SHA256SUMS").write_text(sums)
    good = Runner("version", ORDER | {"version": "9.9.9"}, path=())
    assert good.run() == 0 and clouds(json.loads(good.output("ids"))) == CLOUDS
    for wrong in (sums.replace(sums[0], "f" if sums[0] != "f" else "0"), ""):
        (release / "SHA256SUMS").write_text(wrong)
        assert Runner(f"wrong-{len(wrong)}", ORDER | {"version": "9.9.9"}, path=()).run() != 0


def the_job_of_gitlab():
    job = yaml.safe_load((root / "docs/ci/gitlab.yml").read_text())[".cloud-import"]
    folder = work / "gitlab"
    folder.mkdir()
    own = {"IMAGE": str(IMAGE), "NAME": "hello", "ARGUMENTS": "--simulate --os=CentOS-7.9"}
    env = job["variables"] | own | {"HOME": str(folder), "PATH": f"{BIN}:/usr/bin:/bin"}
    env["CLOUD_IMPORT_STATE"] = env["CLOUD_IMPORT_STATE"].replace("$CI_PROJECT_DIR", str(folder))
    subprocess.run(["sh", "-ec", "\n".join(job["script"])], env=env, cwd=folder, check=True, capture_output=True)
    name, ids = (folder / "cloud-import.env").read_text().strip().split("=", 1)
    assert name == "IMAGE_IDS" and clouds(json.loads(ids)) == CLOUDS, ids
    suite = xml.etree.ElementTree.parse(folder / "cloud-import.xml").getroot()
    assert len(list(suite.iter("testcase"))) == 5


def the_task_of_tekton():
    task = yaml.safe_load((root / "docs/ci/tekton.yml").read_text())
    spec = task["spec"]
    assert task["kind"] == "Task"
    (step,) = spec["steps"]
    folder = work / "tekton"
    folder.mkdir()
    said = {"image": str(TELLING), "name": "hello", "program": "unused"}
    words = []
    for word in step["args"]:
        word = word.replace("$(workspaces.source.path)", str(folder))
        if word == "$(params.arguments[*])":
            words += next(own for own in spec["params"] if own["name"] == "arguments")["default"]
        else:
            words.append(re.sub(r"\$\(params\.([a-z]+)\)", lambda match: said[match[1]], word))
    done = subprocess.run([program, *words], env={"HOME": str(folder)}, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 5, done.stdout


def the_workers_of_kubernetes():
    """By the schemas of that version, with nothing that they do not know."""
    manifests = list(yaml.safe_load_all((root / "docs/fleet/kubernetes.yml").read_text()))
    for manifest in manifests:
        kubernetes_validate.validate(manifest, "1.30", strict=True)
    deployment, budget, policy = manifests
    assert [deployment["kind"], budget["kind"], policy["kind"]] == ["Deployment", "PodDisruptionBudget", "NetworkPolicy"]
    pod = deployment["spec"]["template"]
    labels = pod["metadata"]["labels"]
    for selector in (deployment["spec"]["selector"], budget["spec"]["selector"], policy["spec"]["podSelector"]):
        assert selector["matchLabels"].items() <= labels.items(), selector
    # A worker stops within 30 seconds.
    assert pod["spec"]["terminationGracePeriodSeconds"] > 30
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    [worker] = pod["spec"]["containers"]
    assert {mount["name"] for mount in worker["volumeMounts"]} == volumes
    # Its probes are lines that the command knows: nobody answers here.
    for probe in ("readinessProbe", "livenessProbe"):
        own, *words = worker[probe]["exec"]["command"]
        done = subprocess.run([program, *words, "--http=127.0.0.1:1"], capture_output=True, text=True)
        assert own == "/usr/local/bin/cloud-import" and "no worker answers" in done.stderr, done.stderr


def every_form_can_be_read():
    for file in [*(root / ".github").rglob("*.yml"), *(root / "docs/ci").glob("*.yml")]:
        assert yaml.safe_load(file.read_text()), file


CHECKS = [
    an_image_in_each_cloud,
    two_targets_and_arguments_one_a_line,
    what_is_refused_fails_the_step_with_its_code,
    a_state_that_is_named_keeps_the_job,
    a_version_is_installed_by_its_sum_or_not_at_all,
    the_job_of_gitlab,
    the_task_of_tekton,
    the_workers_of_kubernetes,
    every_form_can_be_read,
]
for check in CHECKS:
    check()
    print(f"ok: {check.__name__}")
