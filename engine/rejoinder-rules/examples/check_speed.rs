use rejoinder_rules::{Pack, Scanner, testing};
use std::time::Instant;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let begun = Instant::now();
    let pack = Pack::new("p", &path, &text);
    println!(
        "parse {:?}: {} rules {} errors",
        begun.elapsed(),
        pack.content.rules.len(),
        pack.content.errors.len()
    );
    if let Some(e) = pack.content.errors.first() {
        println!("{e}");
    }
    let begun = Instant::now();
    let w = pack.warnings();
    println!("warnings {:?} {}", begun.elapsed(), w.len());
    let begun = Instant::now();
    let clone = pack.clone();
    println!("clone {:?}", begun.elapsed());
    let begun = Instant::now();
    let set = Pack::compile(vec![clone], &[]).unwrap();
    println!("compile {:?}", begun.elapsed());
    if std::env::var("CHECK").is_ok() {
        return;
    }
    let begun = Instant::now();
    let mut scanner = Scanner::new(&set);
    println!("scanner {:?}", begun.elapsed());
    let mut n = 0;
    let mut hits = 0;
    for _ in 0..2 {
        let begun = Instant::now();
        (n, hits) = (0, 0);
        for rule in set.rules() {
            for test in rule.tests.all() {
                let c = testing::conversation(&test.dialogue);
                scanner.begin(&c);
                hits += scanner.scan(&c, 2).len();
                n += 1;
            }
        }
        println!("scan {:?} {} turns {} hits", begun.elapsed(), n, hits);
    }
    if std::env::args().nth(2).is_some() {
        let begun = Instant::now();
        let r = testing::run(&set, &path);
        println!("test {:?} {}", begun.elapsed(), r.len());
    }
}
