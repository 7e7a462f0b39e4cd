"""Everyday words in twelve languages: lists of pairs, and a chat that asks for a translation."""

import numpy as np

from .document import Document, draw
from .turns import closed, opened

# An underscore stands for a space, so that a list can be split at spaces.
ENGLISH = (
    "one two three four five six seven eight nine ten water bread milk house book tree sun moon cat dog "
    "good_morning good_night thank_you yes no red black white"
)
LANGUAGES = {
    "Spanish": (
        "uno dos tres cuatro cinco seis siete ocho nueve diez agua pan leche casa libro árbol sol luna gato "
        "perro buenos_días buenas_noches gracias sí no rojo negro blanco"
    ),
    "French": (
        "un deux trois quatre cinq six sept huit neuf dix eau pain lait maison livre arbre soleil lune chat "
        "chien bonjour bonne_nuit merci oui non rouge noir blanc"
    ),
    "German": (
        "eins zwei drei vier fünf sechs sieben acht neun zehn Wasser Brot Milch Haus Buch Baum Sonne Mond "
        "Katze Hund guten_Morgen gute_Nacht danke ja nein rot schwarz weiß"
    ),
    "Italian": (
        "uno due tre quattro cinque sei sette otto nove dieci acqua pane latte casa libro albero sole luna "
        "gatto cane buongiorno buona_notte grazie sì no rosso nero bianco"
    ),
    "Portuguese": (
        "um dois três quatro cinco seis sete oito nove dez água pão leite casa livro árvore sol lua gato "
        "cão bom_dia boa_noite obrigado sim não vermelho preto branco"
    ),
    "Dutch": (
        "een twee drie vier vijf zes zeven acht negen tien water brood melk huis boek boom zon maan kat "
        "hond goedemorgen goede_nacht dank_je ja nee rood zwart wit"
    ),
    "Swedish": (
        "ett två tre fyra fem sex sju åtta nio tio vatten bröd mjölk hus bok träd sol måne katt hund "
        "god_morgon god_natt tack ja nej röd svart vit"
    ),
    "Finnish": (
        "yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen vesi leipä maito talo "
        "kirja puu aurinko kuu kissa koira hyvää_huomenta hyvää_yötä kiitos kyllä ei punainen musta "
        "valkoinen"
    ),
    "Turkish": (
        "bir iki üç dört beş altı yedi sekiz dokuz on su ekmek süt ev kitap ağaç güneş ay kedi köpek "
        "günaydın iyi_geceler teşekkürler evet hayır kırmızı siyah beyaz"
    ),
    "Indonesian": (
        "satu dua tiga empat lima enam tujuh delapan sembilan sepuluh air roti susu rumah buku pohon "
        "matahari bulan kucing anjing selamat_pagi selamat_malam terima_kasih ya tidak merah hitam putih"
    ),
    "Russian": (
        "один два три четыре пять шесть семь восемь девять десять вода хлеб молоко дом книга дерево солнце "
        "луна кошка собака доброе_утро спокойной_ночи спасибо да нет красный чёрный белый"
    ),
    "Japanese": (
        "一 二 三 四 五 六 七 八 九 十 水 パン 牛乳 家 本 木 太陽 月 猫 犬 "
        "おはよう おやすみ ありがとう はい いいえ 赤 黒 白"
    ),
}


def lexicon(language: str) -> dict[str, str]:
    """Return English -> the language's word or phrase."""
    return dict(zip(_phrases(ENGLISH), _phrases(LANGUAGES[language]), strict=True))


def _phrases(words: str) -> list[str]:
    return [word.replace("_", " ") for word in words.split()]


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write a list of pairs or a chat; the words together with the language decide the split."""
    language = list(LANGUAGES)[rng.integers(len(LANGUAGES))]
    words = lexicon(language)
    english = list(words)
    chat = rng.random() < 0.5
    count = 3 if chat else 5

    def make() -> tuple[str, ...]:
        return (language, *(english[place] for place in rng.choice(len(english), count, replace=False)))

    _, *asked = draw(make, held_out)
    document = Document("phrases", "chat" if chat else "list", about={"language": language, "words": tuple(asked)})
    if chat:
        opened(document, f"In {language}: {', '.join(asked)}")
        return closed(document.answer(", ".join(words[word] for word in asked)))
    document.add(f"{language}: ")
    for word in asked:
        document.given(word).add(" = ").answer(words[word]).add("; ")
    return document.add("\n")
