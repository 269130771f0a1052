//! Languages in Latin script.

use super::list::{Vocabulary, of};

/// The list of English holds names, too, that are frequent words elsewhere. Hindi is there as people type it in Latin script.
/// Malay counts as Indonesian; Bosnian, and Serbian in Latin script, count as Croatian.
pub(in crate::language) const LATIN: [Vocabulary; 37] = [
    of(
        "en",
        "",
        "the be is are was were am been to of and an in that it this you he she we they me my your his her \
         our their them its not no yes for on with as at by from or if but so do does did done don doesn \
         didn isn wasn aren won can could will would should must may might have has had what how why when \
         where who which there here then than more most some any all about into out up over after before \
         just only also like get got make made use write give tell please thanks thank ok okay sorry hello \
         hi hey help want need know think see look go say said good bad right wrong again try let ll re ve \
         continue perfect great new one two first last time people way very these those same other now well \
         much many work works fix add show between without explain each own find man men den die war hat \
         per pro son dan ty us come im main till care sense male end door met plus favor van pie mint jam \
         dig bat ten fare min par non la los las ca ga wa az os ai ya ha yo um dir doe ben sam kim agar bra \
         hii bet chi ac fi nice fuck lol yeah yep sure cool",
    )
    .borrowing("àáâãäåçèéêëíîïñóôõöøüčłšž"),
    of(
        "es",
        "áéíóúüñ",
        "el la los las un una de del que en es no se por con para como su lo al más mas pero sus le ya este \
         sí si porque esta entre cuando muy sin sobre también tambien me hasta hay donde quien desde todo \
         nos uno ni otros ese eso esto tú te tu yo mi qué cómo está estás son ser puedes puede puedo quiero \
         gracias hola bueno hacer haz dime dame escribe eres soy fue era otra otro vez favor bien mal \
         correcto ahora perfecto necesito muchas pedí hablas sirve cuál cual hoy así nada mejor",
    ),
    of(
        "fr",
        "àâæçèéêëîïôùûüœÿ",
        "le la les un une des de du et à au aux en est que qui ne pas ce cette ces il elle je tu nous vous \
         ils on se sa son ses mon ma mes ton ta tes pour par dans sur avec sans plus mais ou où comme si \
         tout tous fait être été avoir suis es sont ont ai as peux peut pouvez quel quelle quoi comment \
         pourquoi merci bonjour oui non très bien mal encore aussi donc alors moi toi lui leur votre notre \
         vos quelque ça qu fais dis écris voici beaucoup faux autre même salut français parfait accord fois \
         faut toujours entre continue va",
    ),
    of(
        "de",
        "äöüß",
        "der die das den dem des ein eine einen einem einer und ist in zu mit von für auf nicht ich du er \
         sie es wir ihr mir mich dich dir sich im am an als auch aber oder wie was wer wo wenn dass bei aus \
         nach um noch nur so hat habe haben sind war werden wird kann kannst können soll bitte danke hallo \
         ja nein mehr sehr gut falsch über vor zum zur kein keine mein meine dein sein ihre unser diese \
         dieser dieses bis mal schon doch jetzt hier da dann machen mach schreib schreibe gibt gib vielen \
         dank stimmt weiter nochmal geht perfekt deutsch man alle etwas richtig warum genau wollte",
    ),
    of(
        "pt",
        "àáâãçéêíóôõú",
        "os as um uma de do da dos das em no na nos nas que não nao por para como se mais mas ao à ele ela \
         eu você voce me meu minha sua seu foi ou quando muito também tambem só já está esta isso isto este \
         esse essa são ser tem ter pelo pela até sem sobre entre depois mesmo aos seus quem te tu faça \
         obrigado obrigada olá bom bem fazer pode quero qual porque oi sim ainda então aqui agora errado \
         errou perfeito português favor outra outro novo continue foram estou",
    ),
    of(
        "it",
        "àèéìíòóù",
        "il lo la gli le un una uno di da in con su per tra fra che non si mi ti ci ne ma se come più anche \
         del della dei delle al alla dal nel nella sul sono sei ho hai ha hanno questo questa questi quello \
         quella cosa chi quando dove perché molto bene male sì no grazie ciao puoi può fare scrivi dimmi \
         essere stato io tu lui lei noi voi loro mio mia tuo suo sbagliato giusto ancora volta così già \
         tutto prego dammi mille tutti altro corretto perfetto è italiano funziona",
    ),
    of(
        "nl",
        "éëïèöüáóí",
        "de het een en van in is dat op te niet ik je jij hij zij ze we wij voor met aan er maar om ook als \
         bij of uit nog naar dan wat hoe waarom wie waar deze dit die zijn was heb hebt heeft hebben kan \
         kun kunnen wil zou worden wordt geen mijn jouw meer veel goed fout nee ja bedankt dank hallo door \
         over tot mij me moet doe maak schrijf klopt wel zo keer weer geef alsjeblieft werkt ga graag \
         nederlands",
    ),
    of(
        "sv",
        "åäöé",
        "och att det som en på är av för med till den har de inte om ett han hon jag du vi ni var vad hur \
         kan men ska så från eller när nu där min din sig mig dig vill detta denna dessa ut upp också \
         mycket bra fel nej ja tack hej skriv gör bli blir varför vem alla efter än man igen bara mer \
         skulle svenska fungerar",
    ),
    of(
        "tr",
        "çğıöşüâî",
        "bir ve bu da de ne için ile mi mı mu mü çok daha ben sen biz siz var yok değil evet hayır ama gibi \
         kadar olarak olan olur nasıl neden şey her en bana sana beni onu şu ya ki teşekkürler teşekkür \
         ederim sağ ol merhaba lütfen yanlış doğru iyi tekrar dene devam et yap yaz sonra önce hangi kim \
         nedir mısın misin istiyorum tamam yeni iki türkçe",
    ),
    of(
        "vi",
        "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
        "và của là có không được cho tôi bạn một này đó trong với các những người đã sẽ để khi như thì mà ở \
         từ ra vào lại cũng rất nhiều gì làm nào sao hãy cảm ơn xin chào đúng sai rồi viết theo về tiếp \
         khong duoc",
    ),
    of(
        "pl",
        "ąćęłńóśźż",
        "nie to się sie na do jest że ze co jak po ale za od ja ty on ona my mi mnie cię ci go są był być \
         może czy tak dla przez już juz tylko ten ta te tego tej jego jej bardzo dobrze źle dzięki dziękuję \
         dziekuje proszę prosze cześć jeszcze raz tu gdzie kiedy kto który która które ktora ktory dlaczego \
         czym mam masz ma napisz napisać napisac zrób chcę chce możesz mozesz mogę lub oraz jako przy też \
         więc teraz znowu błąd dzień jaki jakie działa chodziło kontynuuj polsku",
    ),
    of(
        "cs",
        "áčďéěíňóřšťúůýž",
        "je se na to že do jako pro jsem jsi jsou by ale co jak když po od za ve tak který která které není \
         nebo už jen být mi mě ti já ty on ona my vy kde kdy kdo proč ano ne děkuji díky prosím ahoj dobře \
         špatně ještě znovu napiš udělej můžeš může chci má máš tento tato toto také velmi více bylo byl \
         pokud než zkus jaký česky dekuji",
    ),
    of(
        "sk",
        "áäčďéíĺľňóôŕšťúýž",
        "je sa na to že do ako pre som si sú by ale čo keď po od za vo tak ktorý ktorá ktoré nie alebo už \
         len byť mi ma ti ja ty on ona my vy kde kedy kto prečo áno ďakujem prosím ahoj dobre zle ešte \
         znova napíš môžeš môže chcem má máš tento táto toto tiež veľmi viac bolo bol ak než slovensky",
    ),
    of(
        "hu",
        "áéíóöőúüű",
        "az és nem hogy is egy van volt ez azt ezt de ha mi ki mit kell lehet csak már még meg el fel vagy \
         mint én te mert nekem neked hogyan miért hol igen köszönöm köszi szia kérlek jó rossz jól nagyon \
         újra írj tudsz akkor így ami aki lesz vannak minden után szép magyarul",
    ),
    of(
        "ro",
        "ăâîșțşţ",
        "și si şi de la în in un este nu că ca cu pe din să sa se mai pentru care ce cum unde când cine al \
         ale ai am sunt ești fi fost dar sau dacă acest această eu tu el ea noi voi îmi mie vă mulțumesc \
         mulţumesc multumesc bună salut rog da bine greșit gresit foarte doar tot toate prin după scrie \
         poți vreau despre fără inca încă doilea",
    ),
    of(
        "hr",
        "čćđšž",
        "je se na da ne za su od do to sam si smo što sto kao ali ili koji koja koje kako zašto gdje kada \
         tko ja ti on ona mi vi nije bi bilo bio biti može možeš mogu želim molim hvala bok dobro krivo \
         pogrešno još samo već sve ovo ova taj ta po iz ako jer više vrlo opet napiši treba šta gde ko li \
         ga",
    ),
    of(
        "sl",
        "čšž",
        "in je se na da ne za so od do to sem si smo kot ali ki kako zakaj kje kdaj kdo jaz ti on ona mi vi \
         ni bi bilo bil biti lahko želim prosim hvala živjo dobro narobe še samo že vse ta po iz če ker več \
         zelo spet napiši kaj",
    ),
    of(
        "fi",
        "äöåšž",
        "ja on ei se että en oli hän minä sinä me te he mutta niin kuin kun jos tai mitä miten miksi missä \
         kuka ole olen olet ovat minun sinun tämä tuo nyt vain myös hyvin hyvä väärin kiitos hei kyllä voi \
         voit voitko haluan sitä siitä joka mikä vielä uudelleen kirjoita sen sitten paljon suomeksi",
    ),
    of(
        "da",
        "åæøé",
        "og at det er en den til af for med på de ikke som et har jeg du han hun vi var hvad hvordan \
         hvorfor kan men skal så fra eller når nu der min din sig mig dig vil dette denne ud op også meget \
         godt forkert nej ja tak hej skriv gør blive bliver hvem efter end igen kun mere om være noget \
         ville",
    ),
    of(
        "nb",
        "åæøéòô",
        "og det er en den til av for med på de ikke som et har jeg du han hun vi var hva hvordan hvorfor \
         kan men skal så fra eller når nå der min din seg meg deg vil dette denne ut opp også veldig bra \
         feil nei ja takk hei skriv gjør bli blir hvem etter enn igjen bare mer om være noe ville",
    ),
    of(
        "is",
        "áæéíðóöúýþ",
        "og að er það ekki ég þú hann hún við sem um til með af en var hvað hvernig eða fyrir frá þetta \
         þessi þakka takk já nei mér þér þig mig vil getur",
    ),
    of(
        "et",
        "äõöüšž",
        "ja on ei see et ma sa ta me te nad kui mis kuidas miks kes kus aga või siis ka oli olen oled minu \
         sinu seda selle mitte nii veel väga hästi vale aitäh tere palun kas saad tahan ning oma ole uuesti",
    ),
    of(
        "lv",
        "āčēģīķļņšūž",
        "un ir nav es tu viņš viņa mēs jūs ka ar no uz par to tas tā kas kā kāpēc kur kad bet vai ja jā nē \
         paldies lūdzu sveiki labi nepareizi vēl ļoti man tev šo šis var vari gribu lai pie pēc",
    ),
    of(
        "lt",
        "ąčęėįšųūž",
        "ir yra nėra aš tu jis ji mes jūs kad su iš ant apie tai kas kaip kodėl kur kada bet ar jei taip ne \
         ačiū prašau labas gerai neteisingai dar labai man tau šis gali galite noriu buvo tik po prie",
    ),
    of(
        "id",
        "é",
        "yang dan di ke dari ini itu untuk dengan tidak bukan saya aku kamu anda kita mereka dia ada adalah \
         akan bisa dapat boleh tolong terima kasih apa bagaimana mengapa kenapa siapa kapan dimana atau \
         tetapi tapi jika kalau karena kerana pada dalam sebagai juga sudah belum lagi saja lebih sangat \
         salah benar baik coba cuba buatkan buat jangan seperti oleh banyak satu mau mahu ingin nya tak \
         awak lanjutkan jelaskan berikan hal agar",
    ),
    of(
        "tl",
        "áéíñóú",
        "ang ng sa na ay at mga ko mo ka ako ikaw siya kami tayo sila ito iyon hindi oo ba po kung para ano \
         paano bakit sino saan kailan pero dahil lang din rin naman may mayroon wala salamat mali tama \
         gusto pa nga namin kong mong nang",
    ),
    of(
        "ca",
        "àçèéíïòóúü",
        "el la els les un una de del dels que en és no es per amb se seu ho més però si aquest aquesta això \
         molt també tot on qui quan què perquè sóc ets som són fer pots gràcies hola bé malament vull us \
         plau sense al als pel jo tu meu ha he hem català",
    ),
    of(
        "gl",
        "áéíóúüñ",
        "os as un unha de do da en no na que non por con para como se máis pero ao eu ti me meu súa seu foi \
         ou cando moi tamén xa está iso isto este esta son ser ten ata sen sobre grazas ola ben facer podes \
         quero hai onde",
    ),
    of(
        "eu",
        "ñç",
        "eta da ez bat du dut dira den ere hau hori zer nola zergatik nor non bai eskerrik asko kaixo \
         mesedez baina edo ni zu gu nire zure dezakezu nahi gehiago oso nuen",
    ),
    of(
        "eo",
        "ĉĝĥĵŝŭ",
        "la kaj de en estas ne mi vi li ŝi ĝi ni ili ke al por kun kiel kio kial kiu kie sed aŭ se ĉu jes \
         dankon saluton bonvolu tio tion tiu ĉi tre pli nur ankaŭ pri unu",
    ),
    of(
        "sw",
        "",
        "na ya wa kwa ni la za katika si hii hiyo huyu mimi wewe yeye sisi kama lakini au nini vipi kwanini \
         nani wapi ndiyo hapana asante tafadhali habari sana pia tu yangu yako cha vya kuwa hakuna",
    ),
    of(
        "af",
        "êëéèôûîïáóúí",
        "die en van is nie ek jy hy sy ons hulle het dat wat hoe waarom wie waar met vir op te aan in maar \
         of ook as by uit nog na dan hierdie dit was kan sal wil wou moet my jou geen baie goed verkeerd \
         nee ja dankie hallo asseblief",
    ),
    of(
        "sq",
        "çë",
        "dhe të në një është nuk për me që nga ka si unë ti ai ajo ne ju ata por ose kur ku pse çfarë kush \
         mund jo po faleminderit lutem shumë mirë gabim kjo ky më janë jam duhet ta",
    ),
    of(
        "az",
        "çəğıöşü",
        "və bir bu da də nə üçün ilə mən sən biz siz var yox deyil bəli xeyr amma kimi necə niyə hər çox \
         daha mənə sənə təşəkkür salam zəhmət olmasa səhv düzgün yaxşı bunu olan",
    ),
    of(
        "cy",
        "âêîôûŵŷáéíóúëïö",
        "yr ac yn ar mae nid ddim ei eu fy dy beth sut pam pwy ble oes ydy yw diolch os gwelwch hoffwn gyda \
         am ond neu wedi bod chi ti fi",
    ),
    of(
        "ga",
        "áéíóú",
        "agus an na ar is tá níl sé sí mé tú go le do ach cad conas cén raibh maith agat atá sin seo leat \
         dom",
    ),
    of(
        "hi",
        "",
        "kya aap mujhe hai hain nahi nahin kaise ka ki ke ko mein main tum mera meri raha rahi ho yaar bhai \
         aur kyun kyu hum tumhe mai baat karo batao kar galat sahi phir bahut shukriya dhanyavad hindi",
    ),
];
