//! Shards and merges that are killed, that meet on one shard, or that find somebody at work.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::shards::{Bench, SMALL_PARTS, chats};
use crate::support::{Ended, command, folder, output_files, random, rejoinder, text, write};

/// Shards and merges, each killed at random moments, and run again by the same command.
#[test]
fn shards_and_merges_that_are_killed_go_on_by_the_same_command() {
    let dir = folder();
    let (input, config) = (chats(dir.path(), 4_000), write(dir.path(), "c.toml", SMALL_PARTS));
    let bench = Bench::new(dir, &[&input, "--config", &config]);
    let job = bench.job("job");
    let mut random = random();
    let mut kills = 0;
    for number in [3, 1, 2] {
        // The first kill comes before a shard can be done, however fast the machine is.
        let mut patience = 40;
        loop {
            let mut child = bench.spawn(number, 3, &job);
            std::thread::sleep(Duration::from_millis(random.u64(patience / 2..patience)));
            child.kill().unwrap();
            let ended = child.wait_with_output().unwrap();
            if ended.status.code().is_some() {
                Ended::from(ended).expect(0);
                break;
            }
            kills += 1;
            patience *= 2;
        }
    }
    let (mut merge_kills, mut is_run) = (0, false);
    while !is_run {
        let mut merging = command(&["merge", &text(&job), "--keep-shards"]);
        let mut child = merging.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.u64(0..60) + 10 * merge_kills));
        child.kill().unwrap();
        let ended = child.wait_with_output().unwrap();
        is_run = ended.status.code().is_some();
        merge_kills += u64::from(!is_run);
    }
    println!("{kills} kills of shards, {merge_kills} of merges");
    assert!(kills > 0 && merge_kills > 0);
    bench.merge(&job);
}

#[test]
fn two_processes_on_one_shard_and_many_on_a_new_job_do_not_disturb_each_other() {
    let dir = folder();
    let input = chats(dir.path(), 1_500);
    let bench = Bench::new(dir, &[&input]);
    let job = bench.job("job");
    // All at once: one makes the job, and of those on the same shard one works.
    let numbers = [1, 2, 2, 3, 4, 4, 4, 5];
    let all: Vec<Child> = numbers.iter().map(|number| bench.spawn(*number, 5, &job)).collect();
    for child in all {
        let ended = Ended::from(child.wait_with_output().unwrap());
        let is_refused = ended.code == 8 && ended.stderr.contains("another process works on");
        assert!(ended.code == 0 || is_refused, "{ended:?}");
    }
    bench.merge(&job);
}

#[test]
fn a_shard_that_is_at_work_is_named_and_what_lies_beside_the_shards_stays() {
    let dir = folder();
    let input = chats(dir.path(), 600);
    let bench = Bench::new(dir, &[&input]);
    let job = bench.job("job");
    bench.run_all(2, &job, &mut random());
    let lock = std::fs::File::open(job.join("shards/002-of-002/run.lock")).unwrap();
    lock.lock().unwrap();
    let refused = rejoinder(&["merge", &text(&job)]).expect(7).stderr;
    assert!(refused.contains("shard 2/2 is at work"), "{refused}");
    drop(lock);
    let mine = write(&job.join("shards"), "mine.txt", "mine");
    rejoinder(&["merge", &text(&job), "--keep-shards"]).expect(0);
    assert!(job.join("shards/002-of-002/manifest.json").exists());
    // What a kept shard would pay for now goes with the next merge.
    let shard = text(&job.join("shards/002-of-002"));
    for verb in ["resume", "judge"] {
        let refused = rejoinder(&[verb, &shard]).expect(2).stderr;
        assert!(refused.contains("is merged into"), "{refused}");
        assert!(refused.contains(&format!("rejoinder judge {}", text(&job))), "{refused}");
    }
    rejoinder(&["export", "feedback", &shard, "--out", "-"]).expect(0);
    rejoinder(&["merge", &text(&job)]).expect(0);
    assert!(!job.join("shards/002-of-002").exists() && Path::new(&mine).exists());
    assert!(output_files(&job) == output_files(&bench.whole));
}
