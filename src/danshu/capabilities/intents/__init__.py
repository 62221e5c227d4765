"""业务意图知识图谱 intent graph: symptom, regulation, action. What is done comes from here."""
