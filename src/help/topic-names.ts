/** The topics of `ebill help` (cli.md, "Commands"); here alone, so that the list costs nothing to load. */
export const TOPIC_NAMES = ['exit-codes', 'environment', 'plan', 'security', 'json'] as const;
export type TopicName = (typeof TOPIC_NAMES)[number];
