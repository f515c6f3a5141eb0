"""Rule settings are checked when they are stored: a typo must not silently leave a rule as it was."""
import unittest

from plumbrpc import INVALID, Daemon, RpcError, pb


class RuleSettingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True)
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()

    def put(self, item_id, **setting):
        item = pb.item.Item(id=item_id, rule_setting=pb.item.RuleSetting(**setting))
        return self.client.call("Plan.Apply", pb.plan.ApplyRequest(
            change_set=pb.plan.ChangeSet(changes=[pb.plan.Change(put=pb.plan.Put(item=item))])))

    def refused(self, field, *words, **put):
        with self.assertRaises(RpcError) as caught:
            self.put(**put)
        self.assertEqual(caught.exception.code, INVALID)
        fields = dict(caught.exception.violations)
        self.assertIn("change_set.changes[0].put.item." + field, fields)
        for word in words:
            self.assertIn(word, fields["change_set.changes[0].put.item." + field])

    def test_a_setting_of_a_rule_is_stored_and_takes_effect(self):
        self.put("owner.many", rule="owner/many", severity=pb.item.NOTE)
        rules = self.client.call("Insight.Explain", pb.insight.ExplainRequest(rules=["owner/many"])).rules
        self.assertEqual(rules[0].severity, pb.item.NOTE)

    def test_an_unknown_rule_is_refused_with_what_may_be_meant(self):
        self.refused("rule_setting.rule", "owner/many", item_id="owner.mny", rule="owner/mny")

    def test_an_unknown_threshold_is_refused(self):
        with self.assertRaises(RpcError) as caught:
            self.put("outcome.stale", rule="outcome/stale", thresholds={"fortnights": 1})
        self.assertEqual(caught.exception.code, INVALID)
        self.assertIn("fortnights", caught.exception.message)

    def test_another_id_than_the_rules_is_refused(self):
        self.refused("id", "owner.many", item_id="mine", rule="owner/many")


if __name__ == "__main__":
    unittest.main()
