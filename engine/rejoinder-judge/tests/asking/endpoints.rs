//! Several endpoints that share the requests.

use rejoinder_judge::JudgeConfig;

use crate::support::server::{Response, Server, by_rule, last_user_message};
use crate::support::{NONE, config, paced, question, questions, run, store};

#[test]
fn of_several_endpoints_each_has_its_own_conversations() {
    let servers = [Server::start(by_rule), Server::start(by_rule)];
    let base_urls = servers.iter().map(Server::base_url).collect();
    let config = JudgeConfig { base_urls, ..config(&servers[0]) };
    let config = paced(config, |pace| pace.max_in_flight = 16);
    // Six conversations with four turns each.
    let all = (0..24).map(|i| question(i / 4, &format!("thanks in {} for {i}", i / 4)));
    let store = store();
    let asked = run(&store, &config, all.clone().collect(), &NONE);
    assert_eq!((asked.progress.answered, asked.stop), (24, None));
    for (rest, server) in (0..).zip(&servers) {
        let log = server.log();
        assert_eq!(log.len(), 12);
        for request in log {
            let number =
                last_user_message(request.prompt()).split(' ').nth(2).unwrap().parse::<u64>().unwrap();
            assert_eq!(number % 2, rest, "{number}");
        }
    }
    let first = JudgeConfig { base_urls: vec![servers[0].base_url()], ..config };
    assert_eq!(run(&store, &first, all.collect(), &NONE).progress.from_store, 24, "keys name the first");
}

#[test]
fn an_endpoint_that_goes_away_leaves_its_requests_to_the_others() {
    let gone = Server::start(|r| if r.number < 5 { by_rule(r) } else { Response::new(0, "") });
    let there = Server::start(by_rule);
    let config = JudgeConfig { base_urls: vec![gone.base_url(), there.base_url()], ..config(&gone) };
    let asked = run(&store(), &config, questions(60), &NONE);
    assert_eq!((asked.progress.answered, asked.progress.failed, asked.stop), (60, 0, None));
    assert!(gone.requests() < 20, "{} requests to one that is gone", gone.requests());
}
