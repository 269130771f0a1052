//! The fate of each call, once all calls were seen.

use std::collections::HashMap;

use super::calls::{Chat, Fate};
use super::index::{Chains, NOWHERE};

impl Chains {
    /// The fate of each call, and the chats.
    pub(in crate::join) fn fates(mut self) -> (Vec<Fate>, Vec<Chat>) {
        self.merge_lone_sessions();
        let mut sessions: HashMap<u64, Vec<u32>> = HashMap::new();
        for (at, chain) in self.chains.iter().enumerate().filter(|(_, chain)| !chain.is_gone) {
            if let Some(session) = chain.session {
                sessions.entry(session).or_default().push(at as u32);
            }
        }
        let mut helps = vec![false; self.chains.len()];
        let mut chats: Vec<Chat> = Vec::new();
        let mut numbers = vec![0; self.chains.len()];
        let mut all: Vec<_> = sessions.into_values().collect();
        all.sort_unstable();
        for mut of_session in all {
            // In the order of time; where nobody tells it, in that of the file.
            of_session.sort_by_key(|at| (self.chains[*at as usize].times.map(|times| times.0), *at));
            self.rejoin(&of_session);
            of_session.retain(|at| !self.chains[*at as usize].is_gone);
            self.settle(&of_session, &mut helps);
            let is_chat = |at: &&u32| !self.chains[**at as usize].is_gone && !helps[**at as usize];
            let left = of_session.iter().filter(is_chat);
            left.enumerate().for_each(|(nth, at)| numbers[*at as usize] = nth as u32);
        }
        let mut fates: Vec<Fate> = self
            .taken
            .iter()
            .map(|at| if *at == NOWHERE { Fate::Unjoined } else { Fate::Repeated { chat: *at } })
            .collect();
        // Among calls that repeat each other, a helper's is known by its words alone.
        let is_log = self.taken.len() > self.chains.len();
        let mut of_chain = vec![NOWHERE; self.chains.len()];
        for (at, chain) in self.chains.iter().enumerate().filter(|(_, chain)| !chain.is_gone) {
            let stands_alone = chain.session.is_none() && chain.users <= 1 && chain.is_helper;
            if helps[at] || is_log && stands_alone {
                chain.parts.iter().for_each(|part| fates[part.call as usize] = Fate::Helper);
                continue;
            }
            let chat = chats.len() as u32;
            of_chain[at] = chat;
            chats.push(Chat { parts: chain.parts.len() as u32, nth_of_session: numbers[at] });
            for (nth, part) in chain.parts.iter().enumerate() {
                fates[part.call as usize] =
                    Fate::Part { chat, nth: nth as u32, from: part.from, to: part.to };
            }
        }
        for fate in &mut fates {
            if let Fate::Repeated { chat } = fate {
                *chat = of_chain.get(self.chain(*chat) as usize).copied().unwrap_or(NOWHERE);
                if *chat == NOWHERE {
                    *fate = Fate::Helper;
                }
            }
        }
        (fates, chats)
    }

    /// The chain that a chain has become part of, or the chain itself.
    pub(super) fn chain(&self, mut at: u32) -> u32 {
        while let Some(chain) = self.chains.get(at as usize).filter(|chain| chain.is_gone) {
            at = chain.front as u32;
        }
        at
    }
}
