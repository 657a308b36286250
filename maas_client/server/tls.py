"""TLS: a certificate for the names of the server, from an authority made for it alone.

A client has to be told to trust the authority, so it must be worth nothing to anybody else: it may vouch for these
names only, those of the loopback interface unless others may reach the server, and its key is forgotten once it has
signed the one certificate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from maas_client.server.folder import write_private
from maas_client.server.hosts import LOOPBACK

VALID_DAYS = 397
"""Source: CA/Browser Forum, Baseline Requirements 6.3.2 as of 2020-09: what every TLS stack still takes is 398 days."""
RENEW_DAYS = 7
"""A certificate with less time left is replaced at the start, so that none ends under a running server."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What the server and its clients read.

    Attributes:
        authority: The certificate to trust, PEM.
        server: Key and certificate of the server, PEM.
    """

    authority: Path
    server: Path


def tls_files(folder: Path, now: float, names: Sequence[str] = LOOPBACK) -> TlsFiles:
    """Return the certificate of a state folder; made when there is none, when it is about to end, or for other names.

    Args:
        folder: The server's state folder.
        now: Real seconds since the epoch.
        names: Names and addresses of the server.

    Raises:
        OSError: The folder cannot be written.
    """
    files = TlsFiles(folder / "ca.pem", folder / "server.pem")
    moment = datetime.fromtimestamp(now, UTC)
    if not _usable(files, moment, names):
        _make(files, moment, names)
    return files


def _usable(files: TlsFiles, moment: datetime, names: Sequence[str]) -> bool:
    try:
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        content = files.server.read_bytes()
        certificate = x509.load_pem_x509_certificate(content)
        key = serialization.load_pem_private_key(content, None)
        # A crash between the two writes leaves files that do not belong together.
        certificate.verify_directly_issued_by(authority)
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return (
        certificate.public_key() == key.public_key()
        and set(named) == {_general(name) for name in names}
        and certificate.not_valid_before_utc <= moment
        and moment + timedelta(days=RENEW_DAYS) <= certificate.not_valid_after_utc
    )


def _make(files: TlsFiles, moment: datetime, names: Sequence[str]) -> None:
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _authority(authority_key, moment, names)
    certificate = _certificate(key, authority, authority_key, moment, names)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(files.authority, _pem(authority))
    write_private(files.server, private.decode("ascii") + _pem(certificate))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _permitted(name: str) -> x509.GeneralName:
    """Return the name as a constraint has it: an address is the network that holds it alone."""
    try:
        return x509.IPAddress(ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _authority(key: ec.EllipticCurvePrivateKey, moment: datetime, names: Sequence[str]) -> x509.Certificate:
    name = _name(f"maas-ft local authority {moment:%Y-%m-%d}")
    usage = _usage(sign=False, certify=True)
    return (
        _begin(name, name, key.public_key(), moment)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints([_permitted(name) for name in names], None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    moment: datetime,
    names: Sequence[str],
) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _begin(_name("localhost"), authority.subject, key.public_key(), moment)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(_usage(sign=True, certify=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage((ExtendedKeyUsageOID.SERVER_AUTH,)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, moment: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # An hour back: the clock of a container or a virtual machine may lag behind.
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + timedelta(days=VALID_DAYS))
    )


def _usage(*, sign: bool, certify: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certify,
        crl_sign=certify,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
