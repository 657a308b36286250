"""Sign-in with a certificate: the one of the state folder, and assertions that are signed with its key.

Source: Microsoft Learn, "Microsoft identity platform application authentication certificate credentials"; msal 1.39 and
azure-identity 1.27, which sign with PS256 and name the certificate by `x5t#S256`.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maas_client.server.entra.principal import CLIENT_ID
from maas_client.server.folder import write_private

_VALID_DAYS = 3650
_ALGORITHMS = ("PS256", "RS256")


class Certificate:
    """The certificate of the application; its file holds the private key too, as azure-identity wants it."""

    def __init__(self, folder: Path) -> None:
        """Use the certificate of a state folder, once there is one."""
        self.path = folder / "client.pem"

    def make(self, now: float) -> None:
        """Make the certificate, if there is none.

        Args:
            now: Seconds since the epoch.

        Raises:
            OSError: The folder cannot be written.
        """
        if self.path.exists():
            return
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.x509.oid import NameOID

        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "maas-ft local application")])
        moment = datetime.fromtimestamp(now, UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(moment - timedelta(hours=1))
            .not_valid_after(moment + timedelta(days=_VALID_DAYS))
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(self.path, (private + certificate.public_bytes(serialization.Encoding.PEM)).decode("ascii"))

    def signed(self, assertion: str, audiences: Collection[str]) -> bool:
        """Say whether an assertion is one of the application's own, and still good.

        Args:
            assertion: A JWT.
            audiences: For whom it may be: URLs of the token endpoint.
        """
        import jwt
        from cryptography import x509

        try:
            certificate = x509.load_pem_x509_certificate(self.path.read_bytes())
            claims = jwt.decode(
                assertion,
                certificate.public_key(),  # type: ignore[arg-type] # an RSA key: this class made it
                _ALGORITHMS,
                audience=list(audiences),
                issuer=CLIENT_ID,
                options={"require": ["exp", "iss", "sub", "aud"]},
            )
        except (OSError, ValueError, jwt.PyJWTError):
            return False
        return bool(claims["sub"] == CLIENT_ID)
