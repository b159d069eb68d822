"""Files that are written whole, or not at all."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from pyref.model.atomic import replacing


def write_half(path, error):
    with replacing(path) as file:
        file.write(b"half")
        file.flush()
        assert path.read_text() == "before"
        raise error


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "m.json"
    path.write_text("before")
    for error in (ValueError, KeyboardInterrupt, OSError):
        with pytest.raises(error):
            write_half(path, error)
        assert path.read_text() == "before"
        assert os.listdir(tmp_path) == ["m.json"]


def test_a_file_is_replaced_whole(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    path.write_text("before")
    os.chmod(path, 0o640)
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with replacing(path) as file:
        file.write(b"after")
        assert os.path.dirname(file.name) == str(tmp_path)  # beside it: on the same disk
        assert not synced
        handle = file.fileno()
    assert synced == [handle]
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["m.json"]


def test_a_new_file_has_the_usual_permissions(tmp_path):
    with replacing(tmp_path / "new") as file:
        file.write(b"x")
    (tmp_path / "other").write_bytes(b"x")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "other")}
    assert len(modes) == 1


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to("real")
    with replacing(tmp_path / "link") as file:
        file.write(b"after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "after"


def test_a_device_is_written_to():
    with replacing("/dev/null") as file:
        file.write(b"nothing")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_an_error_names_the_file_and_not_its_neighbour(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "no" / "m.json"):
        pass
    assert caught.value.filename == str(tmp_path / "no" / "m.json")


def test_the_part_of_a_killed_process_is_in_nobodys_way(tmp_path, monkeypatch):
    """Process numbers repeat in containers; a name that is taken is not taken away."""
    tokens = iter([b"8 bytes.", b"8 bytes.", b"8 others"])
    monkeypatch.setattr(os, "urandom", lambda size: next(tokens))
    left = tmp_path / f".pyref.{b'8 bytes.'.hex()}.part"
    left.write_bytes(b"another's")
    old = tmp_path / f".m.json.{os.getpid()}.part"
    old.write_bytes(b"of an older pyref")
    with replacing(tmp_path / "m.json") as file:
        file.write(b"whole")
    assert (tmp_path / "m.json").read_bytes() == b"whole"
    assert left.read_bytes() == b"another's"
    assert old.read_bytes() == b"of an older pyref"
    assert len(os.listdir(tmp_path)) == 3


def test_threads_that_save_to_one_path_do_not_hinder_each_other(tmp_path):
    """Each removed the part of the other: of 400 saves, 210 failed."""
    path = tmp_path / "m.json"

    def save(k):
        for _ in range(40):
            with replacing(path) as file:
                file.write(b"%d" % k * 1000)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(save, range(4))) == [None] * 4
    content = path.read_bytes()
    assert content in [b"%d" % k * 1000 for k in range(4)]
    assert os.listdir(tmp_path) == ["m.json"]


def test_a_name_may_be_as_long_as_names_can_be(tmp_path):
    path = tmp_path / ("m" * 250 + ".json")
    with replacing(path) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"
