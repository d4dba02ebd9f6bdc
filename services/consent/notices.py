"""What a customer is told, once for each STOP or START word, in the language of the word."""

from services.consent.rules import Word

_FALLBACK = "en"
_STOPPED = {
    "en": "You will not receive any more messages from this business. Reply START to receive them again.",
    "pt": "Você não receberá mais mensagens desta empresa. Responda INICIAR para voltar a recebê-las.",
    "es": "Ya no recibirás más mensajes de esta empresa. Responde ALTA para volver a recibirlos.",
    "fr": "Vous ne recevrez plus de messages de cette entreprise. Répondez START pour en recevoir à nouveau.",
    "de": "Sie erhalten keine Nachrichten mehr von diesem Unternehmen. Antworten Sie START, um wieder "
    "Nachrichten zu erhalten.",
    "id": "Anda tidak akan menerima pesan lagi dari bisnis ini. Balas MULAI untuk menerimanya kembali.",
    "hi": "अब आपको इस व्यवसाय से कोई संदेश नहीं मिलेगा। फिर से संदेश पाने के लिए START लिखकर भेजें।",
    "ar": "لن تتلقى أي رسائل أخرى من هذه الشركة. أرسل START لتلقيها من جديد.",
}
_RESUMED = {
    "en": "You will receive messages from this business again. Reply STOP to end them.",
    "pt": "Você voltará a receber mensagens desta empresa. Responda PARAR para deixar de recebê-las.",
    "es": "Volverás a recibir mensajes de esta empresa. Responde BAJA para dejar de recibirlos.",
    "fr": "Vous recevrez à nouveau les messages de cette entreprise. Répondez ARRÊT pour les arrêter.",
    "de": "Sie erhalten wieder Nachrichten von diesem Unternehmen. Antworten Sie STOPP, um sie zu beenden.",
    "id": "Anda akan menerima pesan dari bisnis ini lagi. Balas BERHENTI untuk menghentikannya.",
    "hi": "अब आपको इस व्यवसाय से फिर से संदेश मिलेंगे। इन्हें बंद करने के लिए रोकें लिखकर भेजें।",
    "ar": "ستتلقى رسائل من هذه الشركة من جديد. أرسل توقف لإيقافها.",
}


def confirmation(word: Word, language: str) -> str:
    """The text that confirms a word; ``language`` is ISO 639-1, English where there is no text in it."""
    texts = _STOPPED if word == Word.STOP else _RESUMED
    return texts.get(language, texts[_FALLBACK])
