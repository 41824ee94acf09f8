"""Who certifies servers and nodes: an authority of the test's own, by openssl."""

from support.run import execute

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """`ca` is the file with its certificate."""

    def __init__(self, folder, name="the authority"):
        folder.mkdir()
        self.folder = folder
        self.ca, self.key = folder / "ca.crt", folder / "ca.key"
        words = ("-x509", *KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.ca)
        execute("openssl", "req", *words).done()

    def certify(self, name, days=2):
        """The files of a certificate for this name, and of its key. One of 0 days has expired."""
        request, cert, key = (self.folder / f"{name}.{kind}" for kind in ("csr", "crt", "key"))
        names = self.folder / "names"
        names.write_text(f"subjectAltName=DNS:{name}\n")
        execute("openssl", "req", *KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request).done()
        words = ("-CA", self.ca, "-CAkey", self.key, "-CAcreateserial", "-days", str(days), "-extfile", names)
        execute("openssl", "x509", "-req", "-in", request, "-out", cert, *words).done()
        return cert, key
