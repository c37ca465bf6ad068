//! What numbers may mean, for people.

use crate::Report;
use displace::{Finding, Guess};
use serde_json::{Value, json};

impl Report {
    /// Conventions that fit, the best first, and what speaks against the one declared.
    pub fn guess(&mut self, guess: &Guess) {
        for (rank, candidate) in guess.candidates.iter().enumerate() {
            let heading = if rank == 0 { "most likely" } else { "or" };
            self.line(heading, format!("{:.1} %  {}", 100.0 * candidate.confidence, candidate.convention));
            for line in &candidate.evidence {
                self.line("", line.clone());
            }
        }
        let candidates: Vec<Value> = guess
            .candidates
            .iter()
            .map(|c| json!({"convention": c.convention.to_string(), "confidence": c.confidence, "evidence": c.evidence}))
            .collect();
        self.fact("candidates", json!(candidates));
        self.findings(&guess.findings);
    }

    /// What speaks against the convention declared.
    pub fn findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.line("doubt", finding.to_string());
        }
        let findings: Vec<Value> = findings
            .iter()
            .map(|f| json!({"fault": format!("{:?}", f.fault), "better": f.better.to_string(), "text": f.to_string()}))
            .collect();
        self.fact("findings", json!(findings));
    }
}
