"""axe-core, which looks at a page as somebody who does not see it, or not well, has it."""

import base64
import hashlib
import http.client
import io
import tarfile
import urllib.error
import urllib.request

import pytest

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
ARCHIVE = f"https://registry.npmjs.org/axe-core/-/axe-core-{VERSION}.tgz"
RUN = "return axe.run().then(found => found.violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html)]))"


def axe_source():
    """The script of that version, to the byte; where it cannot be had the test that asks is skipped."""
    try:
        with urllib.request.urlopen(ARCHIVE, timeout=60) as answer:
            archive = answer.read()
    except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
        pytest.skip(f"axe-core {VERSION} cannot be downloaded: {error}")
    assert base64.b64encode(hashlib.sha512(archive).digest()).decode() == SHA512
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return files.extractfile("package/axe.min.js").read().decode()


def faults(browser, source):
    """What is serious in the page as it stands, or worse."""
    if not browser.run("return typeof axe === 'object'"):
        browser.run(source)
    return [fault for fault in browser.run(RUN) if fault[0] in ("serious", "critical")]
