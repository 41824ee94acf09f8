/* The words at a one-time address, in three languages. */
#include "once_page.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define PAGE(language, title, body)                                                                \
    "<!DOCTYPE html>\n<html lang=\"" language "\">\n<head>\n<meta charset=\"utf-8\">\n"            \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" title      \
    "</title>\n<link rel=\"stylesheet\" href=\"/asp.css\">\n</head>\n<body>\n<main>\n" body        \
    "</main>\n</body>\n</html>\n"

/* The form goes to where it stands. */
#define OPEN(language, title, text, button)                                                        \
    PAGE(language, title,                                                                          \
         "<div class=\"heading\"><h1>" title "</h1>\n<p>" text                                     \
         "</p></div>\n<form method=\"post\"><button class=\"button "                               \
         "primary\">" button "</button></form>\n")

#define OVER(language, title, sentence) PAGE(language, title, "<p>" sentence "</p>\n")

static const struct {
    const char tag[3];
    const char *open;
    const char *over;
} pages[ONCE_LANGUAGES] = {
    [ONCE_ENGLISH] =
        {
            "en",
            OPEN(
                "en", "Set up this iPhone, iPad or Mac",
                "The button loads a profile, which sets the account up, with a password for it. It "
                "can be loaded once. Then open Settings: there it is called &ldquo;Profile "
                "Downloaded&rdquo;.",
                "Load the profile"),
            OVER("en", "App passwords",
                 "This address was used already, or its time is over: create a new app password, "
                 "and another address comes with it."),
        },
    [ONCE_GERMAN] =
        {
            "de",
            OPEN("de", "Dieses iPhone, iPad oder diesen Mac einrichten",
                 "Damit laden Sie ein Profil, welches das Konto mit einem Passwort daf&uuml;r "
                 "einrichtet. Es l&auml;sst sich einmal laden. &Ouml;ffnen Sie dann die "
                 "Einstellungen: Dort hei&szlig;t es &bdquo;Profil geladen&ldquo;.",
                 "Profil laden"),
            OVER(
                "de", "App-Passw&ouml;rter",
                "Diese Adresse wurde schon benutzt, oder ihre Zeit ist um: Erstellen Sie ein neues "
                "App-Passwort, dann gibt es eine neue."),
        },
    [ONCE_FRENCH] =
        {
            "fr",
            OPEN(
                "fr", "Configurer cet iPhone, iPad ou Mac",
                "Le bouton t&eacute;l&eacute;charge un profil, qui configure le compte avec un mot "
                "de passe pour celui-ci. Cela n&rsquo;est possible qu&rsquo;une fois. Ouvrez "
                "ensuite R&eacute;glages&nbsp;: il s&rsquo;y appelle &laquo;&nbsp;Profil "
                "t&eacute;l&eacute;charg&eacute;&nbsp;&raquo;.",
                "T&eacute;l&eacute;charger le profil"),
            OVER("fr", "Mots de passe d&rsquo;application",
                 "Cette adresse a d&eacute;j&agrave; servi, ou son temps est &eacute;coul&eacute;"
                 "&nbsp;: cr&eacute;ez un nouveau mot de passe d&rsquo;application, il vient avec "
                 "une autre."),
        },
};

/* "de", "de-AT", "de;q=0.8" */
static bool is_of(const char *range, enum once_language language)
{
    const size_t length = strlen(pages[language].tag);

    return strncasecmp(range, pages[language].tag, length) == 0 &&
           strchr("-;, \t", range[length]) != NULL;
}

enum once_language once_page_language(const char *header)
{
    const char *range = header != NULL ? header : "";

    while (*range != '\0') {
        range += strspn(range, ", \t");
        for (enum once_language one = 0; one < ONCE_LANGUAGES; one++) {
            if (is_of(range, one))
                return one;
        }
        range += strcspn(range, ",");
    }
    return ONCE_ENGLISH;
}

const char *once_page_text(enum once_language language, bool open)
{
    return open ? pages[language].open : pages[language].over;
}
