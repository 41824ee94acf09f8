"""FTP servers in a sandbox, asked by curl over TLS."""

from support.service import Service

# How a server that listens on IPv6 names a client that comes by IPv4.
CLIENT = "::ffff:127.0.0.1"


class Ftp(Service):
    def curl(self, user, password, host="127.0.0.1", tls="--ssl-reqd"):
        """Whether the user's folder is listed."""
        words = f"curl -q --silent --show-error --noproxy * --max-time 30 {tls} --insecure --config -".split()
        run = self.sandbox.run(*words, f"ftp://{host}/", input=f'user = "{user}:{password}"\n')
        assert run.code in (0, 67), run  # 67: the login was refused
        assert (f"{user}s-file" in run.out) == (run.code == 0), run
        return run.code == 0
