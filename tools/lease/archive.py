"""Archives under a size limit: numbered zip files that know how many they are."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LABEL = "archive.json"
OVERHEAD_BYTES = 1024  # more than one member's headers take
EPOCH = (1980, 1, 1, 0, 0, 0)


class ArchiveError(ValueError):
    """Archives that are missing, foreign or damaged; the text says which."""


def write_archives(
    folder: Path, members: Iterable[tuple[str, bytes]], limit_bytes: int
) -> list[Path]:
    """Spread members over as few archives as their order allows.

    Args:
        folder: Gets lease-00.zip and so on; archives of an earlier run are removed.
        members: Names and contents, compressed already.
        limit_bytes: No archive is larger.

    Raises:
        ArchiveError: If one member alone is larger than the limit.
    """
    groups: list[list[tuple[str, bytes]]] = [[]]
    size, digest = OVERHEAD_BYTES, hashlib.sha256()
    for name, content in members:
        cost = len(content) + OVERHEAD_BYTES
        if cost + OVERHEAD_BYTES > limit_bytes:
            raise ArchiveError(f"{name} is {len(content)} bytes, the limit is {limit_bytes}")
        if size + cost > limit_bytes:
            groups.append([])
            size = OVERHEAD_BYTES
        groups[-1].append((name, content))
        size += cost
        digest.update(name.encode() + hashlib.sha256(content).digest())
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("lease-*.zip"):
        old.unlink()
    paths = [folder / f"lease-{number:02}.zip" for number in range(len(groups))]
    for number, (path, group) in enumerate(zip(paths, groups, strict=True)):
        label = {"set": digest.hexdigest()[:16], "number": number, "count": len(groups)}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in [(LABEL, json.dumps(label).encode()), *group]:
                archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return paths


def find_members(folder: Path) -> dict[str, Path]:
    """Which archive holds which member.

    Raises:
        ArchiveError: If archives of the set are missing, belong to another set or are damaged.
    """
    labels: dict[Path, dict[str, object]] = {}
    members: dict[str, Path] = {}
    for path in sorted(folder.glob("lease-*.zip")):
        try:
            with zipfile.ZipFile(path) as archive:
                labels[path] = json.loads(archive.read(LABEL))
                members |= {name: path for name in archive.namelist() if name != LABEL}
        except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
            raise ArchiveError(f"{path} is not an archive of tools.lease: {error}") from error
    if not labels:
        raise ArchiveError(f"{folder} holds no lease-*.zip")
    if len({(label["set"], label["count"]) for label in labels.values()}) > 1:
        raise ArchiveError(f"{folder} holds archives of different runs of pack")
    count = int(str(next(iter(labels.values()))["count"]))
    missing = set(range(count)) - {int(str(label["number"])) for label in labels.values()}
    if missing:
        raise ArchiveError(f"{folder} lacks archives {sorted(missing)} of {count}")
    return members


def read_member(path: Path, name: str) -> bytes:
    """One member's content.

    Raises:
        ArchiveError: If its checksum is wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ArchiveError(f"{path}: {name}: {error}") from error
