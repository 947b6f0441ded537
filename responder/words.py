"""The few sentences that the responder says by itself, in the project's language.

Owns those sentences. Must not decide when they are said.
"""

from __future__ import annotations

HAND_OFF = {
    "en": "Thank you for your patience. I cannot answer this reliably, so I have passed your message on: "
    "a person will answer you here.",
    "de": "Danke für Ihre Geduld. Das kann ich nicht verlässlich beantworten, deshalb habe ich Ihre Nachricht "
    "weitergegeben: Ein Mensch antwortet Ihnen hier.",
    "vi": "Cảm ơn bạn đã kiên nhẫn. Tôi chưa thể trả lời chắc chắn, nên tôi đã chuyển tin nhắn của bạn: "
    "một nhân viên sẽ trả lời bạn tại đây.",
    "fr": "Merci de votre patience. Je ne peux pas répondre de façon fiable ; j'ai donc transmis votre message : "
    "une personne vous répondra ici.",
    "es": "Gracias por su paciencia. No puedo responder con seguridad, así que he pasado su mensaje: "
    "una persona le responderá aquí.",
}
NAMES = {"english": "en", "german": "de", "deutsch": "de", "vietnamese": "vi", "tiếng việt": "vi", "french": "fr",
         "français": "fr", "spanish": "es", "español": "es"}  # fmt: skip


def hand_off_words(language: str) -> str:
    """What a visitor is told when people take over from the responder; English where the language is not known.

    `language` is a project's setting: a code such as `de` or `de-AT`, or a language's name.
    """
    wanted = language.strip().lower()
    code = NAMES.get(wanted, wanted.replace("_", "-").partition("-")[0])
    return HAND_OFF.get(code, HAND_OFF["en"])
