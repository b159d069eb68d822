import pytest


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Writes data.csv into the working directory and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(content, name="data.csv"):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return name

    return write
