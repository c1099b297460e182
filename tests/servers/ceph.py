"""A real S3 server on loopback: Ceph RADOS Gateway with one monitor and one object store in memory.

    with CephServer() as server:
        bucket = server.http.make_bucket()

It speaks http and https at once. The Debian packages are installed when they are missing and the
user may do that; running needs no root.
"""

from __future__ import annotations

import base64
import os
import shutil
import ssl
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
import pytest
import trustme
from botocore.config import Config

from tests.servers import debian, process

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PACKAGES = ("radosgw", "ceph-mon", "ceph-osd", "ceph-common")
PROGRAMS = ("radosgw", "ceph-mon", "ceph-osd", "ceph", "radosgw-admin", "monmaptool")
ACCESS_KEY = "testaccesskey"
SECRET_KEY = "testsecretkey1234"
KMS_KEY = "testkey-1"
"""Identifier of a key that the server encrypts with where it is asked to (aws:kms)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """How a client reaches the server."""

    endpoint_url: str
    access_key: str
    secret_key: str
    ca_bundle: str | None  #: PEM file that vouches for the server; None over http
    client: S3Client = field(repr=False)  #: boto3's, to look behind the back of what is tested

    def make_bucket(self, *, object_lock: bool = False) -> str:
        """Create an empty bucket and return its name."""
        name = f"press-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=object_lock)
        return name

    def environment(self) -> dict[str, str]:
        """The variables by which a child process finds the server."""
        variables = {
            "AWS_ENDPOINT_URL_S3": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        return variables | ({"AWS_CA_BUNDLE": self.ca_bundle} if self.ca_bundle else {})


def s3_client(url: str, ca_bundle: str | None) -> S3Client:
    """boto3's client of a server with the keys of all test servers."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
        verify=ca_bundle,
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            # For the servers that answer a range with the whole object.
            response_checksum_validation="when_required",
        ),
    )


def s3_server(url: str, certificates: Path | None, stack: ExitStack) -> S3Server:
    """The server at a URL, with a client that `stack` closes."""
    ca_bundle = str(certificates) if certificates else None
    client = s3_client(url, ca_bundle)
    stack.callback(client.close)
    return S3Server(
        endpoint_url=url,
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        ca_bundle=ca_bundle,
        client=client,
    )


def install_packages() -> None:
    """Install what is missing. Raises PackagesMissing."""
    if not all(shutil.which(program) for program in PROGRAMS):
        debian.install(*PACKAGES)


class CephServer:
    """Context manager that starts the server in a temporary folder and leaves nothing behind.

    Raises PackagesMissing and ServerFailed when entered.
    """

    http: S3Server
    https: S3Server

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._daemons: list[process.Process] = []
        self._folder = Path()

    def __enter__(self) -> Self:
        install_packages()
        with self._stack as stack:
            # Unix sockets and Ceph want short paths, which pytest's temporary folders are not.
            base = stack.enter_context(tempfile.TemporaryDirectory(prefix="press-ceph-"))
            stack.callback(self._kill)
            process.started(lambda: self._start(tempfile.mkdtemp(dir=base)))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, folder: str) -> None:
        self._kill()
        self._folder = Path(folder)
        for name in ("mon", "osd", "run", "rgw", "log"):
            (self._folder / name).mkdir(parents=True)
        port = process.free_ports(3)
        certificates = self._make_certificate()
        identifier = str(uuid.uuid4())
        monitor = f"[v2:127.0.0.1:{port + 2}]"
        self._configure(identifier, monitor, port)
        monmap = str(self._folder / "monmap")
        self._run("monmaptool", "--create", "--clobber", "--fsid", identifier,
                  "--addv", "a", monitor, monmap)  # fmt: skip
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap)
        self._launch("ceph-mon", "-f", "-i", "a")
        disk = str(uuid.uuid4())
        self._run("ceph", "osd", "new", disk)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        self._launch("ceph-osd", "-f", "-i", "0")
        self._run("radosgw-admin", "user", "create", "--uid=ci", "--display-name=ci",
                  f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")  # fmt: skip
        self._launch("radosgw", "-f", "-n", "client.rgw")
        self.http = s3_server(f"http://127.0.0.1:{port}", None, self._stack)
        self.https = s3_server(f"https://127.0.0.1:{port + 1}", certificates, self._stack)
        for server in (self.http, self.https):
            self._wait_until_ready(server)

    def _make_certificate(self) -> Path:
        authority = trustme.CA()
        leaf = authority.issue_cert("127.0.0.1", "localhost")
        leaf.private_key_pem.write_to_path(self._folder / "tls.key")
        for index, pem in enumerate(leaf.cert_chain_pems):
            pem.write_to_path(self._folder / "tls.crt", append=index > 0)
        authority.cert_pem.write_to_path(self._folder / "ca.pem")
        return self._folder / "ca.pem"

    def _configure(self, identifier: str, monitor: str, port: int) -> None:
        folder = self._folder
        # Without tcp_nodelay each small GET waits 40 ms; with the default `secure` mode and no
        # cephx the gateway hangs; with the default paxos interval the start takes 10 s more.
        (folder / "ceph.conf").write_text(f"""[global]
fsid = {identifier}
mon_host = {monitor}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
paxos_propose_interval = 0.02
keyring = {folder}/keyring
run_dir = {folder}/run
admin_socket =
pid_file =
log_file = {folder}/log/$name.log
crash_dir = {folder}/run
osd_pool_default_size = 1
mon_allow_pool_size_one = true
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 2000
mon_data = {folder}/mon
mon_cluster_log_file = {folder}/log/cluster.log
mon_data_avail_warn = 2
mon_data_avail_crit = 1
mon_osd_full_ratio = 0.99
mon_osd_backfillfull_ratio = 0.98
mon_osd_nearfull_ratio = 0.97
osd_failsafe_full_ratio = 0.995
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
rgw_data = {folder}/rgw
rgw_dns_name = localhost
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = {KMS_KEY}={base64.b64encode(bytes(range(32))).decode()}
rgw_frontends = beast tcp_nodelay=1 endpoint=127.0.0.1:{port} ssl_endpoint=127.0.0.1:{port + 1} \
ssl_certificate={folder}/tls.crt ssl_private_key={folder}/tls.key
""")

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "CEPH_ARGS"}
        return kept | {"CEPH_CONF": str(self._folder / "ceph.conf")}

    def _run(self, *command: str) -> None:
        process.set_up(command, self._logs(), env=self._environment())

    def _launch(self, program: str, *arguments: str) -> None:
        log = self._folder / "log" / f"{program}.out"
        daemon = process.launch([program, *arguments], log, env=self._environment())
        self._daemons.append(daemon)

    def _wait_until_ready(self, server: S3Server) -> None:
        handlers: list[urllib.request.BaseHandler] = []
        if server.ca_bundle:
            context = ssl.create_default_context(cafile=server.ca_bundle)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        process.wait_until_ready(
            self._daemons, self._logs(), lambda: process.get(server.endpoint_url, *handlers)
        )

    def _logs(self) -> Iterator[Path]:
        return (self._folder / "log").glob("*")

    def _kill(self) -> None:
        # Nothing of theirs is to be kept, so they need no time to shut down.
        process.end(*reversed(self._daemons))
        self._daemons.clear()


@pytest.fixture(scope="session")
def ceph() -> Iterator[CephServer]:
    """The running server. Without its packages the test is skipped, or fails where CI=true."""
    with debian.needed():
        install_packages()
    with CephServer() as server:
        yield server


@pytest.fixture(scope="session")
def s3(ceph: CephServer) -> S3Server:
    """Over http."""
    return ceph.http


@pytest.fixture(scope="session")
def s3_tls(ceph: CephServer) -> S3Server:
    """Over https, with a certificate that only its `ca_bundle` vouches for."""
    return ceph.https


@pytest.fixture
def s3_bucket(s3: S3Server) -> str:
    """An empty bucket of its own."""
    return s3.make_bucket()


@pytest.fixture
def s3_tls_bucket(s3_tls: S3Server) -> str:
    """An empty bucket of its own, made over https."""
    return s3_tls.make_bucket()
