use proptest::prelude::*;

use super::detect::{latin, script_of};
use super::script::Script;
use super::*;

fn code(text: &str) -> &'static str {
    Language::of(std::iter::once(text)).map_or("", Language::code)
}

fn check(sentences: &[(&'static str, &[&str])]) {
    let wrong: Vec<_> = sentences
        .iter()
        .flat_map(|(language, texts)| texts.iter().map(|text| (*language, code(text), *text)))
        .filter(|(language, told, _)| language != told)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn short_turns_are_told() {
    check(&[
        (
            "en",
            &[
                "thanks",
                "ok thanks",
                "ok",
                "yes",
                "try again",
                "no, that is wrong",
                "not what i asked",
                "it doesn't work",
                "thats not right",
                "more details",
                "fix it",
                "tell me a joke",
                "ty",
                "are you sure?",
                "you misunderstood me",
                "I'm Ben, and I live in El Paso",
                "the best café in São Paulo",
                "what is sci-fi?",
                "take care",
            ],
        ),
        ("zh", &["谢谢", "不对", "继续", "请解释一下", "用Python写", "太好了", "翻譯成英文", "还是不行"]),
        (
            "ja",
            &["ありがとう", "違います", "もう一度", "この車のエンジン", "Pythonで書いて", "すごい！", "バカ"],
        ),
        (
            "es",
            &[
                "gracias",
                "hola",
                "no, eso está mal",
                "no, eso no es lo que pedí",
                "otra vez",
                "no funciona",
                "perfecto",
                "te equivocas",
                "vale, gracias",
                "hazlo más corto",
                "no me sirve",
            ],
        ),
        (
            "fr",
            &[
                "merci",
                "merci beaucoup",
                "non, c'est faux",
                "ce n'est pas ça",
                "parfait",
                "bonjour",
                "tu te trompes",
                "d'accord",
                "ça ne marche pas",
                "plus court",
                "toujours pas",
            ],
        ),
        (
            "de",
            &[
                "danke",
                "vielen Dank",
                "nein, das ist falsch",
                "Nein, ich wollte Python",
                "perfekt",
                "geht nicht",
                "weiter",
                "immer noch falsch",
                "so nicht",
                "mach es kürzer",
                "alles klar",
            ],
        ),
        (
            "pt",
            &[
                "obrigado",
                "não, está errado",
                "não é isso",
                "de novo",
                "isso mesmo",
                "você errou",
                "olá, tudo bem?",
                "em português",
                "continua errado",
                "mais curto",
            ],
        ),
        (
            "ru",
            &[
                "спасибо",
                "нет, это неправильно",
                "не то",
                "ещё раз",
                "Объясни, пожалуйста",
                "не работает",
                "отлично!",
                "круто",
                "короче",
                "ты не понял",
            ],
        ),
    ]);
}

#[test]
fn languages_without_a_pack_are_not_taken_for_others() {
    check(&[
        ("ar", &["شكرا", "لا، هذا خطأ", "طلبت ملخصا من ثلاثة أسطر وليس صفحة كاملة."]),
        ("fa", &["خیلی ممنون", "نه، این اشتباه است", "یک خلاصه سه خطی خواستم، نه یک صفحه کامل."]),
        ("fi", &["kiitos", "ei, se on väärin", "Halusin kääntää listan, en lajitella sitä."]),
        ("he", &["תודה", "לא, זה לא נכון", "רציתי להפוך את הרשימה ולא למיין אותה."]),
        (
            "hi",
            &[
                "धन्यवाद",
                "नहीं, यह गलत है",
                "मैंने तीन पंक्तियों का सारांश माँगा था।",
                "nahi, mujhe kuch aur chahiye tha, kya aap",
            ],
        ),
        (
            "id",
            &[
                "terima kasih",
                "tidak, ini salah",
                "Saya minta ringkasan tiga baris, bukan satu halaman penuh.",
            ],
        ),
        (
            "it",
            &["grazie", "no, è sbagliato", "Ho chiesto un riassunto di tre righe, non una pagina intera."],
        ),
        ("ko", &["감사합니다", "아니요, 틀렸어요", "Python으로 세 줄 요약을 부탁했어요."]),
        (
            "nl",
            &[
                "bedankt",
                "nee, dat klopt niet",
                "Ik vroeg om een samenvatting van drie regels, geen hele pagina.",
            ],
        ),
        (
            "pl",
            &[
                "dzięki",
                "nie, to jest źle",
                "Prosiłem o streszczenie w trzech zdaniach, a dostałem całą stronę.",
            ],
        ),
        (
            "sv",
            &[
                "tack så mycket",
                "nej, det är fel",
                "Jag bad om en sammanfattning på tre rader, inte en hel sida.",
            ],
        ),
        ("th", &["ขอบคุณ", "ไม่ ผิดแล้ว", "ช่วยเขียนฟังก์ชัน Python ให้หน่อย"]),
        ("tr", &["teşekkürler", "hayır, bu yanlış", "Üç satırlık bir özet istedim, bütün bir sayfa değil."]),
        (
            "uk",
            &[
                "дякую",
                "ні, це неправильно",
                "Я просив короткий виклад на три рядки, а отримав цілу сторінку.",
            ],
        ),
        ("vi", &["cảm ơn", "không, sai rồi", "Tôi đã yêu cầu tóm tắt trong ba dòng, không phải cả trang."]),
    ]);
}

#[test]
fn a_sentence_tells_neighbours_apart() {
    check(&[
        ("af", &["Ek het gevra vir 'n opsomming van drie reëls, nie 'n hele bladsy nie."]),
        ("az", &["Mən üç sətirlik xülasə istədim, bütöv səhifə yox."]),
        ("be", &["Я прасіў кароткі пераказ на тры радкі, а атрымаў цэлую старонку."]),
        ("bg", &["Исках да обърна списъка, а не да го подредя."]),
        ("ca", &["He demanat un resum de tres línies, no una pàgina sencera."]),
        ("cs", &["Chtěl jsem shrnutí na tři řádky, ne celou stránku."]),
        ("cy", &["Gofynnais am grynodeb tair llinell, nid tudalen gyfan."]),
        ("da", &["Jeg bad om et resumé på tre linjer, ikke en hel side."]),
        ("eo", &["Mi petis trilinian resumon, ne tutan paĝon."]),
        ("et", &["Palusin kolmerealist kokkuvõtet, mitte tervet lehekülge."]),
        ("eu", &["Hiru lerroko laburpena eskatu dut, ez orrialde oso bat."]),
        ("ga", &["D'iarr mé achoimre trí líne, ní leathanach iomlán."]),
        ("gl", &["Pedín un resumo de tres liñas, non unha páxina enteira."]),
        ("hr", &["Tražio sam sažetak u tri retka, a dobio sam cijelu stranicu."]),
        ("hu", &["Háromsoros összefoglalót kértem, nem egy egész oldalt."]),
        ("is", &["Ég bað um þriggja lína samantekt, ekki heila síðu."]),
        ("kk", &["Мен үш жолдық қысқаша мазмұн сұрадым, ал сіз бүкіл бет жаздыңыз."]),
        ("lt", &["Prašiau trijų eilučių santraukos, o ne viso puslapio."]),
        ("lv", &["Es lūdzu kopsavilkumu trīs rindās, nevis veselu lapu."]),
        ("mk", &["Побарав резиме од три реда, а добив цела страница."]),
        ("mn", &["Би жагсаалтыг эрэмбэлэх биш, урвуулахыг хүссэн юм."]),
        ("mr", &["मी तीन ओळींचा सारांश मागितला होता, पूर्ण पान नाही."]),
        ("nb", &["Nei, det er feil, og jeg vet ikke hva du mener med det."]),
        ("ne", &["होइन, यो गलत छ। मलाई तीन लाइनको सारांश चाहिएको हो।"]),
        ("ps", &["ما د درې کرښو لنډیز غوښتی و، نه بشپړه پاڼه."]),
        ("ro", &["Am cerut un rezumat de trei rânduri, nu o pagină întreagă."]),
        ("sk", &["Chcel som zhrnutie na tri riadky, nie celú stranu."]),
        ("sl", &["Prosil sem za povzetek v treh vrsticah, dobil pa sem celo stran."]),
        ("sq", &["Kërkova një përmbledhje me tre rreshta, jo një faqe të tërë."]),
        ("sr", &["Тражио сам сажетак у три реда, а добио сам целу страну."]),
        ("sw", &["Niliomba muhtasari wa mistari mitatu, si ukurasa mzima."]),
        ("tl", &["Humingi ako ng buod na tatlong linya, hindi isang buong pahina."]),
        ("ur", &["میں نے تین سطروں کا خلاصہ مانگا تھا، پورا صفحہ نہیں۔"]),
    ]);
}

#[test]
fn what_is_not_told_is_none() {
    check(&[(
        "",
        &[
            "",
            "1234 5678",
            "👍👍 !!",
            "ᚠᚢᚦᚨᚱᚲ",
            // Maltese; Xhosa.
            "Tlabt sommarju ta' tliet linji, mhux paġna sħiħa.",
            "Ndicele isishwankathelo semigca emithathu, hayi iphepha elipheleleyo, nceda uzame kwakhona.",
        ],
    )]);
}

#[test]
fn foreign_words_in_a_text_do_not_make_it_foreign() {
    check(&[
        (
            "en",
            &[
                "what does спасибо mean when people in Moscow say it?",
                "Anna Kowalska and Marek Nowak live in Łódź; write a short story about them",
                "why does docker run -it ubuntu:22.04 /bin/sh fail on my machine",
                "def total(values):\n    if not values:\n        return None\n    for value in values:",
            ],
        ),
        ("zh", &["请解释一下 kubernetes 的部署"]),
        ("ru", &["напиши функцию is_prime(number) на Python"]),
        ("el", &["γράψε ένα script σε Python"]),
    ]);
}

#[test]
fn every_code_is_read_back() {
    assert!(Language::CODES.is_sorted());
    for code in Language::CODES {
        assert_eq!(code.parse::<Language>().unwrap().code(), code);
    }
    assert!("xx".parse::<Language>().is_err());
}

#[test]
fn every_language_that_can_come_out_has_a_code() {
    let tables =
        [&vocabulary::LATIN[..], &vocabulary::CYRILLIC, &vocabulary::ARABIC, &vocabulary::DEVANAGARI];
    for language in tables.into_iter().flatten() {
        assert!(Language::CODES.contains(&language.code), "{}", language.code);
        let lower = [language.letters, language.borrowed, language.words].concat();
        assert_eq!(lower, lower.to_lowercase(), "{}", language.code);
    }
    assert!(tables.iter().all(|table| table.len() < 64));
    for lang in whichlang::LANGUAGES {
        assert!(latin(lang).is_none_or(|code| vocabulary::LATIN.iter().any(|l| l.code == code)));
        assert_eq!(latin(lang).is_some(), script_of(lang) == Script::Latin);
    }
}

/// Scripts of one language each: letters of theirs, the first and the last of a run.
const ALONE: [(&str, char, char); 18] = [
    ("am", 'ሀ', 'ቆ'),
    ("bn", 'ক', 'ন'),
    ("el", 'α', 'ω'),
    ("gu", 'ક', 'ન'),
    ("he", 'א', 'ת'),
    ("hy", 'ա', 'ֆ'),
    ("ka", 'ა', 'ჰ'),
    ("km", 'ក', 'អ'),
    ("kn", 'ಕ', 'ನ'),
    ("ko", '가', '힣'),
    ("lo", 'ດ', 'ທ'),
    ("ml", 'ക', 'ന'),
    ("my", 'က', 'အ'),
    ("or", 'କ', 'ନ'),
    ("pa", 'ਕ', 'ਨ'),
    ("si", 'ක', 'ඬ'),
    ("te", 'క', 'న'),
    ("th", 'ก', 'ฮ'),
];

proptest! {
    #[test]
    fn any_text_has_a_known_language_or_none(text in "\\PC{0,200}") {
        let told = code(&text);
        prop_assert!(told.is_empty() || Language::CODES.contains(&told));
    }

    #[test]
    fn a_script_of_one_language_tells_it(
        script in prop::sample::select(ALONE.to_vec()),
        letters in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
        breaks in " {0,3}[0-9.,!?]{0,3}",
    ) {
        let (language, first, last) = script;
        let of: Vec<char> = (first..=last).collect();
        let text: String = letters.iter().map(|i| *i.get(&of)).collect();
        prop_assert_eq!(code(&format!("{text}{breaks}{text}")), language);
    }

    #[test]
    fn a_language_of_another_script_never_comes_out(
        latin in "[a-zA-ZÀ-ÖØ-öø-ſ .,!?0-9’“”—👍]{0,80}",
        cyrillic in "[а-яА-Яіїєґўјљ .,!?0-9]{0,80}",
        arabic in "[ا-غف-يپچژگ .!?0-9]{0,80}",
    ) {
        let is_in = |text: &str, table: &[vocabulary::Vocabulary]| {
            let told = code(text);
            told.is_empty() || table.iter().any(|language| language.code == told)
        };
        prop_assert!(is_in(&latin, &vocabulary::LATIN));
        prop_assert!(is_in(&cyrillic, &vocabulary::CYRILLIC));
        prop_assert!(is_in(&arabic, &vocabulary::ARABIC));
    }
}
