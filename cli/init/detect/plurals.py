"""The singular of English nouns, as paths and keys of APIs have them."""

import re

# Words that end like plurals and are none.
_SINGULAR = re.compile(
    "[a-z]*ss|(?!(?:menu|[cgt]pu|sku|emu)s$)[a-z]*us|"
    "news|series|species|alias|bias|atlas|gas|lens|canvas|always|perhaps"
    "|[a-z]*sis|axis|praxis|iris|tennis|debris|this|redis|travis|paris"
    "|https?|dns|mdns|tls|mtls|aws|sms|gps|ems|cms|nfs|[a-z]?os|tvos|macos|watchos|chaos|kudos|cosmos"
    "|ops|(?:dev|ml|git|fin|sec|ai|chat|data)ops|kubernetes|jenkins|keras|pandas|windows"
    "|analytics|logistics|economics|mathematics|physics"
)
# From the first to the last: what a plural ends in, and what its singular has there.
_ENDINGS = (
    (r"^people", "person"),
    (r"^((?:grand)?child)ren", r"\1"),
    (r"^(|wo|work|fore|chair|sales|crafts|states)men", r"\1man"),
    (r"^feet", "foot"),
    (r"^teeth", "tooth"),
    (r"^geese", "goose"),
    (r"^(dor)?mice", r"\1mouse"),
    (r"^(criteri|phenomen)a", r"\1on"),
    (r"((?:^|sub|sup)ind|(?:^)vert|^cod|^vort|^ap)ices", r"\1ex"),
    (r"((?:^)append|matr)ices", r"\1ix"),
    (r"^quizzes", "quiz"),
    (r"^axes", "axis"),
    # Greek: crises, hypotheses, diagnoses.
    (r"(cri|the|diagno|progno|analy|paraly|cataly|synop|empha|^oa|gene|neuro)ses", r"\1sis"),
    (r"^(kni|li|wi|midwi|penkni)ves", r"\1fe"),
    (r"(wol|shel|^hal|^el|sel|^cal|scar|^loa|thie|dwar)ves", r"\1f"),
    # Singulars in -e before -s come first: caches, movies, shoes, causes, sizes.
    (r"(cache|^(?:head|tooth|back|heart|stomach|ear)?ache|mustache|moustache|apache)s", r"\1"),
    (r"(niche|avalanche|quiche|creche|psyche|cliche)s", r"\1"),
    (r"(^[a-z]ie|movie|cookie|calorie|zombie|rookie|selfie|genie|brownie|hoodie|birdie)s", r"\1"),
    (r"(shoe|^[a-z]oe|canoe|oboe|floe|sloe)s", r"\1"),
    (r"([ao]use|^(?:re)?use|[^f]fuse|^fuse|excuse|abuse|^muse|^ruse)s", r"\1"),
    (r"([^zt]ze)s", r"\1"),
    (r"ies", "y"),
    (r"oes", "o"),
    (r"(us|alias|bias|atlas|gas|lens|canvas|iris)es", r"\1"),
    (r"(ss|sh|ch|x|z)es", r"\1"),
    (r"s", ""),
)
_RULES = [(re.compile(rf"{ending}$"), singular) for ending, singular in _ENDINGS]


def singular(word: str) -> str:
    """Return the singular of a noun in lower case; a word that is one stays.

    Sample: `caches` gives `cache`, `branches` gives `branch`, `kubernetes` stays.
    """
    is_short = len(word) < 4 and word.endswith("s")
    if is_short or _SINGULAR.fullmatch(word):
        return word
    for pattern, replacement in _RULES:
        if pattern.search(word):
            return pattern.sub(replacement, word)
    return word
