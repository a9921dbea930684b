"""What pip calls, answered from the file `PKG-INFO` that every source package has."""
import pathlib, re, shutil


class Legacy:
    def prepare_metadata_for_build_wheel(self, folder, settings=None):
        told = pathlib.Path("PKG-INFO").read_text(encoding="utf-8")
        name, version = (re.search(rf"^{key}: (.*)$", told, re.M)[1] for key in ("Name", "Version"))
        inner = f"{name.replace('-', '_')}-{version}.dist-info"
        (pathlib.Path(folder) / inner).mkdir()
        shutil.copy("PKG-INFO", pathlib.Path(folder) / inner / "METADATA")
        return inner

    def get_requires_for_build_wheel(self, settings=None):
        return []


__legacy__ = Legacy()
