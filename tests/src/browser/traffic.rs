//! What a page asked for, as the browser's own log of its network tells.

use std::collections::BTreeMap;

use serde_json::Value;

/// Requests of the page that is shown, and those of any page that went to somebody else.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    of_page: BTreeMap<String, Asked>,
    elsewhere: Vec<String>,
}

#[derive(Debug, Default)]
struct Asked {
    /// What has come so far, for what never ends.
    come: u64,
    /// What came in all, once it has ended.
    whole: u64,
}

impl Traffic {
    /// Takes in an event of DevTools' `Network`. `origin` is where our pages are.
    pub(super) fn hear(&mut self, event: &Value, origin: &str) {
        let told = &event["params"];
        let Some(request) = told["requestId"].as_str() else { return };
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                let url = told["request"]["url"].as_str().unwrap_or_default();
                // What a browser paints its own fields with is no request to anybody.
                if url.starts_with("data:") {
                    return;
                }
                if url != origin && !url.strip_prefix(origin).is_some_and(|path| path.starts_with('/')) {
                    self.elsewhere.push(url.to_owned());
                }
                // A page begins anew, also by a redirection: what led to it is not its own.
                if told["type"] == "Document" {
                    self.of_page.clear();
                }
                self.of_page.insert(request.to_owned(), Asked::default());
            }
            "Network.dataReceived" => {
                if let Some(asked) = self.of_page.get_mut(request) {
                    asked.come += told["dataLength"].as_u64().unwrap_or_default();
                }
            }
            "Network.loadingFinished" => {
                if let Some(asked) = self.of_page.get_mut(request) {
                    asked.whole = told["encodedDataLength"].as_f64().unwrap_or_default() as u64;
                }
            }
            _ => {}
        }
    }

    /// How many requests the page that is shown made.
    pub(super) fn requests(&self) -> usize {
        self.of_page.len()
    }

    /// How many bytes it has brought.
    pub(super) fn bytes(&self) -> u64 {
        self.of_page.values().map(|asked| asked.whole.max(asked.come)).sum()
    }

    /// What went to somebody else since the last look.
    pub(super) fn take_elsewhere(&mut self) -> Vec<String> {
        std::mem::take(&mut self.elsewhere)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOME: &str = "http://localhost:7100";

    fn sent(id: &str, kind: &str, url: &str) -> Value {
        json!({ "method": "Network.requestWillBeSent", "params": { "requestId": id, "type": kind, "request": { "url": url } } })
    }

    fn heard(events: &[Value]) -> Traffic {
        let mut traffic = Traffic::default();
        events.iter().for_each(|event| traffic.hear(event, HOME));
        traffic
    }

    #[test]
    fn a_page_is_what_came_since_it_began_and_a_stream_is_what_came_so_far() {
        let finished = |id: &str, bytes: u64| json!({ "method": "Network.loadingFinished", "params": { "requestId": id, "encodedDataLength": bytes } });
        let came = |id: &str, bytes: u64| json!({ "method": "Network.dataReceived", "params": { "requestId": id, "dataLength": bytes, "encodedDataLength": 0 } });
        let traffic = heard(&[
            sent("1", "Document", "http://localhost:7100/floor"),
            finished("1", 9_000),
            sent("2", "Document", "http://localhost:7100/sign-in"),
            sent("2", "Document", "http://localhost:7100/floor/board"),
            came("2", 4_000),
            finished("2", 4_200),
            sent("3", "Stylesheet", "http://localhost:7100/static/site.css"),
            finished("3", 1_000),
            sent("4", "EventSource", "http://localhost:7100/floor/board/live"),
            came("4", 300),
            came("4", 300),
        ]);
        assert_eq!((traffic.requests(), traffic.bytes()), (3, 5_800));
    }

    #[test]
    fn whoever_else_is_asked_is_told_of_and_a_picture_in_the_page_is_nobody() {
        let mut traffic = heard(&[
            sent("1", "Document", "http://localhost:7100/"),
            sent("2", "Image", "data:image/svg+xml,<svg/>"),
            sent("3", "Image", "http://localhost:71000/x"),
            sent("4", "Font", "https://fonts.example/a"),
        ]);
        assert_eq!(traffic.requests(), 3);
        assert_eq!(traffic.take_elsewhere(), ["http://localhost:71000/x", "https://fonts.example/a"]);
        assert!(traffic.take_elsewhere().is_empty());
    }
}
