use proptest::prelude::*;

use super::*;

#[test]
fn the_stream_of_draws_is_the_promised_one() {
    let mut random = Random::with_seed(42);
    let numbers = [(); 5].map(|()| random.u64(..));
    assert_eq!(
        numbers,
        [
            14_587_678_697_106_979_209,
            9_105_053_682_160_394_182,
            14_839_644_324_764_355_487,
            736_379_965_966_546_952,
            9_998_182_218_769_833_001
        ]
    );
    let mut random = Random::with_seed(0);
    assert_eq!(
        [(); 3].map(|()| random.u64(..)),
        [11_116_517_241_604_665_558, 91_298_403_691_422_709, 1_747_996_488_805_885_078]
    );
    let mut random = Random::with_seed(u64::MAX);
    assert_eq!([(); 8].map(|()| random.usize(10..20)), [10, 11, 16, 11, 16, 15, 11, 18]);
    assert_eq!([(); 3].map(|()| random.f64()), [0.2016363804881692, 0.8238220312989334, 0.9223479675805101]);
    assert_eq!(random.choice(["a", "b", "c", "d"]), Some("d"));
    let mut order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    random.shuffle(&mut order);
    assert_eq!(order, [1, 3, 5, 7, 4, 8, 6, 2, 0, 9]);
}

#[test]
fn splitmix_gives_the_numbers_that_its_authors_published() {
    let mut stream = SplitMix64::with_seed(1_234_567);
    let published = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ];
    assert_eq!([(); 5].map(|()| stream.next_u64()), published);
    assert_eq!(splitmix::first(0), 0xe220_a839_7b1d_cdaf);
    let mut values = [0, 1, 2, 3, 4, 5, 6, 7];
    SplitMix64::with_seed(3).choose(&mut values, 4);
    assert_eq!(values, [0, 5, 1, 3, 4, 2, 6, 7]);
}

#[test]
fn nothing_is_drawn_from_nothing() {
    let mut random = Random::with_seed(1);
    assert_eq!(random.choice::<[u8; 0]>([]), None);
    random.shuffle::<u8>(&mut []);
    random.shuffle(&mut [1]);
    assert_eq!(random, Random::with_seed(1));
    assert_eq!(SplitMix64::with_seed(1).below(0), 0);
}

#[test]
#[should_panic(expected = "a range without numbers")]
fn a_range_without_numbers_is_refused() {
    Random::with_seed(1).usize(3..3);
}

proptest! {
    /// Outputs of former releases were drawn with fastrand 2.5. If a newer fastrand fails here, this test goes and the stream stays.
    #[test]
    fn draws_are_those_of_former_releases(seed: u64, a: u64, b: u64, small in 1_u64..50, mut items: Vec<u8>) {
        let (mut ours, mut theirs) = (Random::with_seed(seed), fastrand::Rng::with_seed(seed));
        let (low, high) = (a.min(b), a.max(b));
        prop_assert_eq!(ours.u64(low..=high), theirs.u64(low..=high));
        prop_assert_eq!(ours.u64(..), theirs.u64(..));
        prop_assert_eq!(ours.u64(high..), theirs.u64(high..));
        prop_assert_eq!(ours.u64(..small), theirs.u64(..small));
        prop_assert_eq!(ours.f64().to_bits(), theirs.f64().to_bits());
        let count = small as usize;
        prop_assert_eq!(ours.usize(..count), theirs.usize(..count));
        prop_assert_eq!(ours.usize(count..=count * 2), theirs.usize(count..=count * 2));
        prop_assert_eq!(ours.usize(..), theirs.usize(..));
        prop_assert_eq!(ours.choice(&items), theirs.choice(&items));
        let mut same = items.clone();
        ours.shuffle(&mut items);
        theirs.shuffle(&mut same);
        prop_assert_eq!(items, same);
    }

    #[test]
    fn a_draw_stays_in_its_range(seed: u64, a: usize, b: usize) {
        let (low, high) = (a.min(b), a.max(b));
        prop_assert!((low..=high).contains(&Random::with_seed(seed).usize(low..=high)));
        prop_assert!((0.0..1.0).contains(&Random::with_seed(seed).f64()));
    }
}
