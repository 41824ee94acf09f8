"""What `meson install` puts in place to be read."""

import re

from support.systemd import install


def test_a_page_that_is_installed_finds_what_it_links_to(build, tmp_path):
    install(build, tmp_path)
    (folder,) = tmp_path.glob("**/doc/pam_asp")
    pages = [page for page in folder.rglob("*.md") if page.name != "CHANGELOG.md"]
    names = ("account-page", "fleet", "for-users", "operation", "other-systems", "README", "SECURITY")
    assert {page.name for page in pages} >= {f"{name}.md" for name in names}
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)", page.read_text())]
    assert len(links) > 5
    missing = [link for page, link in links if "://" not in link and not (page.parent / link).is_file()]
    assert missing == []
